using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// The size that a container states against the file's: a cut copy, or bytes behind the container's end. Decoders of compressed sound take
/// what is there without a word.
/// </summary>
internal static class ContainerSize
{
    const int HeaderBytes = 32, ChunkBytes = 8, CafHeaderBytes = 8, CafChunkBytes = 12, MaximumChunks = 1000, PaddingBytes = 8;

    /// <summary>The first bytes of Sony Wave64, whose names are GUIDs; its size, with its header, stands at byte 16.</summary>
    static ReadOnlySpan<byte> Wave64 => "riff\u002E"u8;

    /// <summary>A sentence where the file is shorter or longer than its container, or null; null also for formats without a size.</summary>
    public static string? DefectOf(Stream file)
    {
        if (EndOf(file) is not { } stated) return null;
        // Some writers count a pad byte, some do not.
        if (stated - 1 > file.Length)
            return $"its container states {stated:N0} bytes, the file ends after {file.Length:N0}: it was cut off";
        if (file.Length - stated <= PaddingBytes || IsCaf(file)) return null;
        return $"{file.Length - stated:N0} bytes follow behind its container's end; they are left out";
    }

    /// <summary>The byte behind the container, of CAF: behind its sound; null where the format or the file does not say.</summary>
    public static long? EndOf(Stream file)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        file.Position = 0;
        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes) return null;
        return header.StartsWith("RIFF"u8) ? EndOf(BinaryPrimitives.ReadUInt32LittleEndian(header[4..]), ChunkBytes)
            : header.StartsWith("RIFX"u8) || header.StartsWith("FORM"u8) ? EndOf(BigEndian(header[4..]), ChunkBytes)
            : header.StartsWith(".snd"u8) ? EndOf(BigEndian(header[8..]), BigEndian(header[4..]))
            : header.StartsWith(Wave64) ? BinaryPrimitives.ReadInt64LittleEndian(header[16..]) is > 0 and var size ? size : null
            : IsCaf(file) ? CafEnd(file)
            : null;
    }

    static bool IsCaf(Stream file)
    {
        Span<byte> mark = stackalloc byte[4];
        file.Position = 0;
        return file.ReadAtLeast(mark, mark.Length, throwOnEndOfStream: false) == mark.Length && mark.SequenceEqual("caff"u8);
    }

    static uint BigEndian(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32BigEndian(bytes);

    static long? EndOf(uint size, long start) => IsUnknown(size) ? null : start + size;

    /// <summary>
    /// True where 32 bits stand for a size that its writer did not know: 0 and the largest number, and what programs that write into a pipe
    /// put there (sox: just below 2 GiB, arecord: 2 GiB).
    /// </summary>
    public static bool IsUnknown(uint size) => size is 0 or (>= 0x7FFFF000 and <= 0x80001000) or >= 0xFFFFF000;

    /// <summary>The byte behind the data chunk of Apple's Core Audio Format; null where it says no size or is not found.</summary>
    static long? CafEnd(Stream file)
    {
        Span<byte> chunk = stackalloc byte[CafChunkBytes];
        long position = CafHeaderBytes;
        for (int i = 0; i < MaximumChunks && position + CafChunkBytes <= file.Length; i++)
        {
            file.Position = position;
            if (file.ReadAtLeast(chunk, CafChunkBytes, throwOnEndOfStream: false) < CafChunkBytes) return null;
            long size = BinaryPrimitives.ReadInt64BigEndian(chunk[4..]);
            if (size < 0 || size > long.MaxValue / 4) return null;
            position += CafChunkBytes + size;
            if (chunk.StartsWith("data"u8)) return position;
        }
        return null;
    }
}
