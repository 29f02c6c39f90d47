using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Parity;

/// <summary>
/// The reference's inputs and outputs, which are golden files with pre-trained weights and caption files beside them,
/// and the device that computes ours.
/// </summary>
public sealed class ParityFolder
{
    internal const int LargestFileBytes = 64 << 20;

    const string Weights = "weights/", Data = "data/", Vocabulary = "tokenizer/vocab.txt",
        SameVocabulary = "weights/all-MiniLM-L6-v2/vocab.txt";

    readonly string _fixtures, _weights, _data;

    /// <param name="fixtures">Folder of the golden files.</param>
    /// <param name="weights">Folder of pre-trained models; null: <c>weights</c> beside <paramref name="fixtures"/>.</param>
    /// <param name="device">Computes what is compared; null: the CPU.</param>
    /// <exception cref="FileReadException">There is no such folder.</exception>
    public ParityFolder(string fixtures, string? weights = null, Device? device = null)
    {
        Device = device ?? CpuDevice.Shared;
        _fixtures = Path.GetFullPath(fixtures);
        if (!Directory.Exists(_fixtures)) throw new FileReadException(_fixtures,
            "is no folder; parity is measured against a folder of golden files such as tests/fixtures");
        string beside = Path.GetDirectoryName(_fixtures.TrimEnd(Path.DirectorySeparatorChar)) ?? _fixtures;
        _weights = weights ?? Path.Combine(beside, "weights");
        _data = Path.Combine(beside, "data");
    }

    /// <summary>The device that computes what is compared.</summary>
    public Device Device { get; }

    /// <summary>Full path of a file or folder; null where it is absent.</summary>
    /// <param name="name">Relative to the golden files; <c>weights/…</c> and <c>data/…</c> are beside them.</param>
    public string? Find(string name)
    {
        string path = name.StartsWith(Weights, StringComparison.Ordinal) ? Path.Combine(_weights, name[Weights.Length..])
            : name.StartsWith(Data, StringComparison.Ordinal) ? Path.Combine(_data, name[Data.Length..])
            : Path.Combine(_fixtures, name);
        if (File.Exists(path) || Directory.Exists(path)) return path;
        return name == Vocabulary ? Find(SameVocabulary) : null; // both are bert-base-uncased's
    }

    /// <exception cref="FileReadException">It is absent.</exception>
    public string Require(string name) => Find(name) ?? throw new FileReadException(name, "is absent");

    /// <exception cref="FileReadException">It is absent.</exception>
    public SafetensorsFile Open(string name) => SafetensorsFile.Open(Require(name));
}
