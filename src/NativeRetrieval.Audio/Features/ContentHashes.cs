using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Audio.Features;

/// <summary>
/// SHA-256 of files' contents, remembered by path, size and time of last change, so that an unchanged file is not read again (the rule of
/// make and rsync). Remembered lines are appended to a text file; losing some of it costs time, never correctness. Thread-safe, and
/// several processes may share the file.
/// </summary>
/// <remarks>
/// A line is <c>check sha256 size ticks path</c>, where check is the first eight hexadecimal digits of the SHA-256 of the rest. Each append
/// begins with a line break: a line that a killed process left half-written spoils no other.
/// </remarks>
internal sealed class ContentHashes
{
    const int CheckDigits = 8, HashDigits = 64, LongestLineBytes = 1 << 16;
    readonly string _path;
    readonly Dictionary<string, (Stamp Stamp, string Hash)> _known = new(StringComparer.Ordinal);
    readonly Lock _lock = new();

    /// <exception cref="FileReadException">The file exists and may not be read.</exception>
    public ContentHashes(string path)
    {
        _path = path;
        if (!File.Exists(path)) return;
        try
        {
            using var file = RegularFile.OpenRead(path);
            RememberAll(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
    }

    /// <summary>Size and time of last change of the file itself, links followed.</summary>
    readonly record struct Stamp(long SizeBytes, long ChangedTicks);

    /// <summary>Identity, size and time of a sound file, to be taken before its hash is asked for.</summary>
    /// <exception cref="AudioDecodeException">There is no such file.</exception>
    public static FileStatus StatusOf(string path)
    {
        try
        {
            var status = FileStatus.Of(path);
            return status.Identity.Kind == FileKind.File ? status
                : throw new AudioDecodeException(path, $"is {FileIdentity.Name(status.Identity.Kind)}; expected a sound file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AudioDecodeException(path, error is FileNotFoundException ? "does not exist" : $"cannot be read: {error.Message}",
                error);
        }
    }

    /// <summary>The hash of a file whose status was taken just before, in 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="AudioDecodeException">The file cannot be read.</exception>
    public string Of(string path, FileStatus status)
    {
        var stamp = new Stamp(status.SizeBytes, status.ModifiedUtc.Ticks);
        string full = Path.GetFullPath(path);
        lock (_lock)
            if (_known.TryGetValue(full, out var known) && known.Stamp == stamp) return known.Hash;

        string hash = Compute(path);
        if (full.AsSpan().ContainsAny('\n', '\r')) return hash;
        string rest = string.Create(CultureInfo.InvariantCulture, $"{hash} {stamp.SizeBytes} {stamp.ChangedTicks} {full}");
        lock (_lock)
        {
            _known[full] = (stamp, hash);
            try
            {
                DurableFile.AppendRecomputable(_path, Encoding.UTF8.GetBytes($"\n{Check(rest)} {rest}\n"));
            }
            catch (FileWriteException)
            {
                // Another process holds the file, or the disk is full: the next run computes this hash again.
            }
        }
        return hash;
    }

    static string Compute(string path)
    {
        try
        {
            return FileHash.Sha256(path);
        }
        catch (FileReadException error)
        {
            throw new AudioDecodeException(path, $"cannot be read: {error.InnerException!.Message}", error);
        }
    }

    /// <summary>Line by line; one that no path makes so long is passed over, as other damage is.</summary>
    void RememberAll(Stream file)
    {
        byte[] block = new byte[LongestLineBytes];
        int kept = 0;
        for (int count; (count = file.Read(block, kept, block.Length - kept)) > 0;)
        {
            ReadOnlySpan<byte> text = block.AsSpan(0, kept + count);
            for (int end; (end = text.IndexOf((byte)'\n')) >= 0; text = text[(end + 1)..])
                Remember(Encoding.UTF8.GetString(text[..end]).TrimEnd('\r'));
            kept = text.Length == block.Length ? 0 : text.Length;
            text[..kept].CopyTo(block);
        }
        Remember(Encoding.UTF8.GetString(block.AsSpan(0, kept)));
    }

    void Remember(string line)
    {
        if (line.Length <= CheckDigits) return;
        string rest = line[(CheckDigits + 1)..];
        if (!line.AsSpan(0, CheckDigits).SequenceEqual(Check(rest))) return;
        if (rest.Split(' ', 4) is [{ Length: HashDigits } hash, var size, var ticks, var path]
            && !hash.AsSpan().ContainsAnyExcept("0123456789abcdef")
            && long.TryParse(size, CultureInfo.InvariantCulture, out long sizeBytes)
            && long.TryParse(ticks, CultureInfo.InvariantCulture, out long changedTicks))
            _known[path] = (new Stamp(sizeBytes, changedTicks), hash);
    }

    static string Check(string rest) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(rest)).AsSpan(0, CheckDigits / 2));
}
