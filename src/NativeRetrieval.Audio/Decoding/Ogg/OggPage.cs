using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Decoding.Ogg;

/// <summary>The header of an Ogg page (RFC 3533, section 6).</summary>
/// <param name="SizeBytes">Bytes of the whole page.</param>
/// <param name="IsFirst">The page begins a logical stream.</param>
/// <param name="IsLast">The page ends its logical stream.</param>
/// <param name="GranulePosition">The stream's position in samples behind this page; −1 where no packet ends on it.</param>
/// <param name="Serial">The logical stream's number.</param>
internal readonly record struct OggPage(int SizeBytes, bool IsFirst, bool IsLast, long GranulePosition, uint Serial)
{
    public const int FixedBytes = 27, LargestHeaderBytes = FixedBytes + 255;

    const int ChecksumOffset = 22, ChecksumBytes = 4;
    const uint Polynomial = 0x04C11DB7;

    static readonly uint[] _checksumOfByte = [.. Enumerable.Range(0, 256).Select(value => ChecksumOf((uint)value << 24))];

    /// <summary>Parses the header in front of <paramref name="bytes"/>; false where none begins there.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out OggPage page)
    {
        page = default;
        if (bytes.Length < FixedBytes || !bytes.StartsWith("OggS"u8) || bytes[4] != 0 || bytes[5] > 7) return false;
        int segments = bytes[26], size = FixedBytes + segments;
        if (bytes.Length < size) return false;
        foreach (byte length in bytes.Slice(FixedBytes, segments)) size += length;
        page = new(size, (bytes[5] & 2) != 0, (bytes[5] & 4) != 0, BinaryPrimitives.ReadInt64LittleEndian(bytes[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]));
        return true;
    }

    /// <summary>True where a whole page has the checksum that it states.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> page) =>
        Checksum(page) == BinaryPrimitives.ReadUInt32LittleEndian(page[ChecksumOffset..]);

    /// <summary>The checksum of a whole page; the field that holds it counts as zeros.</summary>
    public static uint Checksum(ReadOnlySpan<byte> page)
    {
        uint checksum = Add(0, page[..ChecksumOffset]);
        for (int i = 0; i < ChecksumBytes; i++) checksum = checksum << 8 ^ _checksumOfByte[checksum >> 24];
        return Add(checksum, page[(ChecksumOffset + ChecksumBytes)..]);
    }

    static uint Add(uint checksum, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes) checksum = checksum << 8 ^ _checksumOfByte[checksum >> 24 ^ value];
        return checksum;
    }

    static uint ChecksumOf(uint bits)
    {
        for (int i = 0; i < 8; i++) bits = (bits & 0x80000000) != 0 ? bits << 1 ^ Polynomial : bits << 1;
        return bits;
    }
}
