using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>
/// MPEG frames in a WAV file (RIFF, RIFX or RF64). They are decoded as those of an MP3 file are: libsndfile would leave them to mpg123,
/// which writes to the process's standard error what it thinks of damaged ones.
/// </summary>
internal static class MpegInWav
{
    const int RiffHeaderBytes = 12, ChunkHeaderBytes = 8, ExtensibleFormatBytes = 26, SubFormatOffset = 24, MaximumChunks = 10_000;
    const ushort MpegTag = 0x50, Mp3Tag = 0x55, ExtensibleTag = 0xFFFE;

    /// <summary>
    /// Bytes [start, end) of the frames, up to the file's end at most; null where the file is no WAV or holds another sound.
    /// </summary>
    /// <param name="magic">The first twelve bytes of <paramref name="file"/>.</param>
    public static (long Start, long End)? Find(Stream file, ReadOnlySpan<byte> magic)
    {
        bool isBigEndian = magic.StartsWith("RIFX"u8);
        bool isWav = isBigEndian || magic.StartsWith("RIFF"u8) || magic.StartsWith("RF64"u8) || magic.StartsWith("BW64"u8);
        if (!isWav || magic.Length < RiffHeaderBytes || !magic[8..].SequenceEqual("WAVE"u8)) return null;

        bool isMpeg = false;
        long position = RiffHeaderBytes, length = file.Length;
        Span<byte> buffer = stackalloc byte[ChunkHeaderBytes + ExtensibleFormatBytes];
        for (int chunk = 0; chunk < MaximumChunks && position + ChunkHeaderBytes <= length; chunk++)
        {
            file.Position = position;
            var bytes = buffer[..file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
            uint size = isBigEndian
                ? BinaryPrimitives.ReadUInt32BigEndian(bytes[4..])
                : BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            long body = position + ChunkHeaderBytes;
            if (bytes.StartsWith("data"u8))
                return isMpeg ? (body, size == 0 ? length : Math.Min(length, body + size)) : null;
            if (bytes.StartsWith("fmt "u8)) isMpeg = IsMpeg(bytes[ChunkHeaderBytes..], isBigEndian);
            position = body + size + (size & 1);
        }
        return null;
    }

    static bool IsMpeg(ReadOnlySpan<byte> format, bool isBigEndian)
    {
        int tag = Tag(format, 0, isBigEndian);
        return (tag == ExtensibleTag ? Tag(format, SubFormatOffset, isBigEndian) : tag) is MpegTag or Mp3Tag;
    }

    static int Tag(ReadOnlySpan<byte> format, int offset, bool isBigEndian) => format.Length < offset + 2 ? 0
        : isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(format[offset..]) : BinaryPrimitives.ReadUInt16LittleEndian(format[offset..]);
}
