using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>A file checked and encoded, ready to be written.</summary>
internal sealed record PreparedFile(IndexedFile File, WindowRecord[] Windows, byte[] Rows, SoundDetails Details)
{
    public static PreparedFile Of(AudioIndexEntry entry, SegmentFormat format)
    {
        var file = entry.File;
        if (string.IsNullOrEmpty(file.Path)) throw new IndexException("index: a file without a path cannot be added");
        if (!Path.IsPathFullyQualified(file.FullPath))
            throw new IndexException($"index: {file.Path}: the full path {file.FullPath} is not absolute");
        if (!ContentHash.IsWellFormed(file.ContentHash))
            throw new IndexException($"index: {file.Path}: the content hash is not 64 lower-case hexadecimal digits");
        if (file.SizeBytes < 0) throw new IndexException($"index: {file.Path}: the size is {file.SizeBytes} bytes");
        if (entry.Windows.Count == 0) throw new IndexException($"index: {file.Path}: no windows; a file needs at least one");

        byte[] rows = new byte[checked(entry.Windows.Count * format.StrideBytes)];
        var windows = new WindowRecord[entry.Windows.Count];
        float[] unit = new float[format.Dimension];
        for (int i = 0; i < windows.Length; i++)
        {
            var window = entry.Windows[i];
            if (!(window.StartSeconds >= 0 && window.EndSeconds > window.StartSeconds && double.IsFinite(window.EndSeconds)))
                throw new IndexException($"index: {file.Path}: window {i} runs from {window.StartSeconds} s to {window.EndSeconds} s");
            UnitVector.Of(window.Vector.Span, unit, () => $"index: {file.Path}: window {i}");
            if (window.IsScaled) window.Vector.Span.CopyTo(unit);
            var row = rows.AsSpan(i * format.StrideBytes, format.StrideBytes);
            format.Encode(unit, row);
            windows[i] = new(window.StartSeconds, window.EndSeconds, Crc32C.Of(row));
        }
        return new(file with { FullPath = Path.GetFullPath(file.FullPath), ModifiedUtc = file.ModifiedUtc.ToUniversalTime() }, windows,
            rows, (entry.Details ?? new SoundDetails { DurationSeconds = windows[^1].EndSeconds }).Validated(file.Path));
    }
}
