using System.Globalization;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Chosen algorithms on disk, one file for each GPU, driver, cuDNN and cuBLAS: a first line, the device's, a line <c>key TAB name</c> for
/// each choice, and a checksum. What is absent, damaged or another device's is timed again. Several processes may share a folder; the
/// last to write wins, and only time is lost.
/// </summary>
internal sealed class AlgorithmStore
{
    const string FirstLine = "nativeretrieval algorithms 1", Checksum = "crc32c ";
    const int LargestBytes = 16 << 20;

    readonly string _path, _device;
    readonly Action<string>? _note;
    readonly SortedDictionary<string, string> _choices = new(StringComparer.Ordinal);
    readonly Lock _lock = new();
    bool _saidUnwritable;

    /// <param name="folder">It is made when the first choice is stored.</param>
    /// <param name="device">The GPU and the versions that the choices hold for.</param>
    /// <param name="note">Gets a sentence about a file that is ignored or cannot be written.</param>
    public AlgorithmStore(string folder, string device, Action<string>? note)
    {
        string hash = Crc32C.Of(Encoding.UTF8.GetBytes(device)).ToString("x8", CultureInfo.InvariantCulture);
        (_path, _device, _note) = (Path.Combine(folder, $"{hash}.txt"), device, note);
        if (Read(out string? problem) is { } choices)
            foreach (var (key, name) in choices) _choices[key] = name;
        if (problem is not null) note?.Invoke($"{_path} {problem}: it is ignored, and algorithms are timed anew");
    }

    /// <summary><c>nativeretrieval/algorithms</c> in the user's cache folder.</summary>
    public static string DefaultFolder => Path.Combine(Path.GetDirectoryName(Compilation.KernelCache.DefaultFolder)!, "algorithms");

    public string FilePath => _path;

    public static AlgorithmStore Open(CudaDevice device) =>
        new(device.Options.AlgorithmFolder ?? DefaultFolder, Describe(device.Properties), device.Options.Note);

    public string? Find(string key)
    {
        lock (_lock) return _choices.GetValueOrDefault(key);
    }

    public void Add(string key, string name)
    {
        lock (_lock)
        {
            // Another process may have added its own since.
            foreach (var (other, choice) in Read(out _) ?? []) _choices.TryAdd(other, choice);
            _choices[key] = name;
            Write();
        }
    }

    static string Describe(CudaDeviceProperties properties) =>
        string.Join("; ", (string[])[properties.Name, .. LibraryFamily.All.Where(family => family != LibraryFamily.Nvrtc)
            .Select(family => $"{family.Name} {CudaLibraries.Of(family).Version?.Own}")]);

    Dictionary<string, string>? Read(out string? problem)
    {
        problem = null;
        if (!File.Exists(_path)) return null;
        try
        {
            string text = Encoding.UTF8.GetString(SmallFile.ReadBytes(_path, LargestBytes));
            int end = text.LastIndexOf(Checksum, StringComparison.Ordinal);
            if (end < 0 || text[end..] != ChecksumLine(text[..end])) problem = "is damaged";
            else if (!text.StartsWith($"{FirstLine}\n{_device}\n", StringComparison.Ordinal)) problem = "is another device's";
            else
                return text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(2).Select(line => line.Split('\t'))
                    .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        }
        catch (Exception error) when (error is FileReadException or CorruptFileException)
        {
            problem = $"cannot be read ({error.Message})";
        }
        return null;
    }

    void Write()
    {
        var text = new StringBuilder().Append(FirstLine).Append('\n').Append(_device).Append('\n');
        foreach (var (key, name) in _choices) text.Append(key).Append('\t').Append(name).Append('\n');
        try
        {
            DurableFile.CreateFolder(Path.GetDirectoryName(_path)!);
            DurableFile.WriteRecomputable(_path,
                stream => stream.Write(Encoding.UTF8.GetBytes(text.Append(ChecksumLine(text.ToString())).ToString())));
        }
        catch (FileWriteException error)
        {
            // What cannot be stored is timed again: it is worth a sentence, and no more.
            if (!_saidUnwritable) _note?.Invoke($"{error.Message}; algorithms are timed again at the next start");
            _saidUnwritable = true;
        }
    }

    static string ChecksumLine(string text) =>
        string.Create(CultureInfo.InvariantCulture, $"{Checksum}{Crc32C.Of(Encoding.UTF8.GetBytes(text)):x8}\n");
}
