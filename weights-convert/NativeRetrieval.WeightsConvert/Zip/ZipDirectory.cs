using System.Buffers.Binary;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.PyTorch;

namespace NativeRetrieval.WeightsConvert.Zip;

/// <summary>
/// The central directory of a zip archive (PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3), Zip64 included. Entries are stored or
/// deflated, have different names that stay inside the archive's folder, and do not overlap. Nothing is ever extracted.
/// </summary>
sealed class ZipDirectory
{
    const uint EndSignature = 0x06054B50, End64Signature = 0x06064B50, Locator64Signature = 0x07064B50, CentralSignature = 0x02014B50,
        LocalSignature = 0x04034B50;
    const int EndBytes = 22, Locator64Bytes = 20, End64Bytes = 56, CentralBytes = 46, LocalBytes = 30;
    const int MaxCommentBytes = ushort.MaxValue;
    const int Encrypted = 1, SizesFollow = 8;

    readonly MappedBytes _file;
    readonly Dictionary<string, ZipEntry> _byName = new(StringComparer.Ordinal);

    /// <exception cref="CorruptFileException">The archive is cut short or damaged, or uses features that no checkpoint does.</exception>
    public ZipDirectory(MappedBytes file)
    {
        _file = file;
        var (start, length, count, end) = FindDirectory();
        using (var window = Map(start, length, "central directory")) ReadEntries(window.Span, start, count);
        CheckOverlaps(start);
    }

    public IEnumerable<ZipEntry> Entries => _byName.Values;

    public ZipEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>An entry's contents. Its local header must say what the directory says.</summary>
    public StorageData Open(ZipEntry entry) =>
        entry.Deflated ? new DeflatedEntry(_file, entry, DataOffset(entry)) : new StoredEntry(_file, entry, DataOffset(entry));

    long DataOffset(ZipEntry entry)
    {
        using var header = Map(entry.HeaderOffset, LocalBytes, "local header");
        var bytes = header.Span;
        int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[26..]),
            extraBytes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]);
        long data = entry.HeaderOffset + LocalBytes + nameBytes + extraBytes;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != LocalSignature || data > entry.EndOffset
            || entry.StoredBytes > entry.EndOffset - data)
            throw Refuse(entry.HeaderOffset, $"entry '{PlainText.Short(entry.Name)}' has no header here, or its {entry.StoredBytes} "
                + "bytes do not fit before the next entry");
        using var name = Map(entry.HeaderOffset + LocalBytes, nameBytes, "name");
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes[18..]), length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[22..]);
        bool sameSizes = entry.SizesFollow || Same(stored, entry.StoredBytes) && Same(length, entry.LengthBytes);
        if (Encoding.UTF8.GetString(name.Span) != entry.Name
            || BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) != (entry.Deflated ? 8 : 0) || !sameSizes)
            throw Refuse(entry.HeaderOffset, $"the local header of entry '{PlainText.Short(entry.Name)}' contradicts the archive's "
                + "directory");
        return data;

        static bool Same(uint local, long central) => local == uint.MaxValue || local == central;
    }

    (long Start, long Length, long Count, long End) FindDirectory()
    {
        long tailStart = Math.Max(0, _file.Length - EndBytes - MaxCommentBytes);
        using var tail = Map(tailStart, _file.Length - tailStart, "end");
        var bytes = tail.Span;
        for (int at = bytes.Length - EndBytes; at >= 0; at--)
        {
            var end = bytes[at..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) != EndSignature
                || BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) != end.Length - EndBytes)
                continue;
            long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]), length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]),
                start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
            long endOffset = tailStart + at;
            if (count == ushort.MaxValue || length == uint.MaxValue || start == uint.MaxValue)
                (start, length, count, endOffset) = FindDirectory64(endOffset);
            if (start < 0 || length < 0 || count < 0 || start > endOffset || length > endOffset - start || count > length / CentralBytes)
                throw Refuse(tailStart + at, $"the directory of {count} entries and {length} bytes at {start} does not fit into the file");
            return (start, length, count, endOffset);
        }
        throw new CorruptFileException(_file.Path, $"a zip archive without its directory at the end: the file of {_file.Length} bytes is "
            + "cut short; fetch it again");
    }

    (long Start, long Length, long Count, long End) FindDirectory64(long endOffset)
    {
        using var locator = Map(endOffset - Locator64Bytes, Locator64Bytes, "Zip64 locator");
        long end64 = BinaryPrimitives.ReadInt64LittleEndian(locator.Span[8..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator.Span) != Locator64Signature || end64 < 0 || end64 > endOffset - Locator64Bytes)
            throw Refuse(endOffset - Locator64Bytes, "the Zip64 locator is damaged");
        using var end = Map(end64, End64Bytes, "Zip64 end");
        if (BinaryPrimitives.ReadUInt32LittleEndian(end.Span) != End64Signature)
            throw Refuse(end64, "the Zip64 end of directory is damaged");
        return (BinaryPrimitives.ReadInt64LittleEndian(end.Span[48..]), BinaryPrimitives.ReadInt64LittleEndian(end.Span[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(end.Span[32..]), end64);
    }

    void ReadEntries(ReadOnlySpan<byte> directory, long start, long count)
    {
        int at = 0;
        for (long i = 0; i < count; i++)
        {
            if (directory.Length - at < CentralBytes || BinaryPrimitives.ReadUInt32LittleEndian(directory[at..]) != CentralSignature)
                throw Refuse(start + at, $"entry {i + 1} of {count} is missing from the archive's directory");
            var header = directory[at..];
            int nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]),
                extraBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[30..]),
                commentBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[32..]);
            if (nameBytes + extraBytes + commentBytes > header.Length - CentralBytes)
                throw Refuse(start + at, $"entry {i + 1} reaches past the archive's directory");
            var entry = ReadEntry(header, header.Slice(CentralBytes, nameBytes), header.Slice(CentralBytes + nameBytes, extraBytes),
                start + at);
            if (!_byName.TryAdd(entry.Name, entry)) throw Refuse(start + at, $"two entries are named '{PlainText.Short(entry.Name)}'");
            at += CentralBytes + nameBytes + extraBytes + commentBytes;
        }
    }

    ZipEntry ReadEntry(ReadOnlySpan<byte> header, ReadOnlySpan<byte> nameBytes, ReadOnlySpan<byte> extra, long at)
    {
        string name = Encoding.UTF8.GetString(nameBytes);
        if (LeadsOutside(name))
            throw Refuse(at, $"entry '{PlainText.Short(name)}' leads out of the archive's folder; no checkpoint has such a name");
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]), method = BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
        if ((flags & Encrypted) != 0) throw Refuse(at, $"entry '{PlainText.Short(name)}' is encrypted");
        if (method is not (0 or 8))
            throw Refuse(at, $"entry '{PlainText.Short(name)}' is compressed with method {method}; stored (0) and deflated (8) are "
                + "known");
        var zip64 = new Zip64Extra(extra);
        long length = zip64.Or(BinaryPrimitives.ReadUInt32LittleEndian(header[24..]));
        long stored = zip64.Or(BinaryPrimitives.ReadUInt32LittleEndian(header[20..]));
        long offset = zip64.Or(BinaryPrimitives.ReadUInt32LittleEndian(header[42..]));
        if (length < 0 || stored < 0 || offset < 0 || method == 0 && stored != length)
            throw Refuse(at, $"entry '{PlainText.Short(name)}' has {length} bytes that take {stored} in the archive at {offset}");
        return new ZipEntry(name, method == 8, (flags & SizesFollow) != 0, BinaryPrimitives.ReadUInt32LittleEndian(header[16..]), stored,
            length, offset);
    }

    void CheckOverlaps(long directoryStart)
    {
        ZipEntry? previous = null;
        foreach (var entry in _byName.Values.OrderBy(entry => entry.HeaderOffset))
        {
            if (previous is not null) previous.EndOffset = entry.HeaderOffset;
            if (previous?.EndOffset - previous?.HeaderOffset < LocalBytes || entry.HeaderOffset > directoryStart - LocalBytes)
                throw Refuse(entry.HeaderOffset, $"entry '{PlainText.Short(entry.Name)}' overlaps another");
            previous = entry;
        }
        if (previous is not null) previous.EndOffset = directoryStart;
    }

    static bool LeadsOutside(string name) =>
        name.Length == 0 || name[0] is '/' or '\\' || name.Contains('\0') || name.Split('/', '\\').Contains("..");

    MappedWindow Map(long offset, long length, string what) =>
        offset >= 0 && length >= 0 && length <= Math.Min(int.MaxValue, _file.Length - offset)
            ? _file.Map(offset, length)
            : throw Refuse(offset, $"the {what} of the archive lies outside the file of {_file.Length} bytes");

    CorruptFileException Refuse(long offset, string problem) => new(_file.Path, $"damaged zip archive: byte {offset}: {problem}");
}
