using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace NativeRetrieval.Server.Sounds;

/// <summary>PNG files of grey levels (ISO/IEC 15948): one byte a cell, no filter.</summary>
internal static class GreyPng
{
    const int LengthAndName = 8, BitDepth = 8, Greyscale = 0;

    /// <param name="levels">[height, width], the top row first; 0 is black.</param>
    public static byte[] Of(ReadOnlySpan<byte> levels, int width, int height)
    {
        var file = new MemoryStream();
        file.Write([0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n']);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        (header[8], header[9]) = (BitDepth, Greyscale);
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "IDAT"u8, Compressed(levels, width));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    static byte[] Compressed(ReadOnlySpan<byte> levels, int width)
    {
        var bytes = new MemoryStream();
        using (var zlib = new ZLibStream(bytes, CompressionLevel.Fastest))
            for (int row = 0; row < levels.Length; row += width)
            {
                zlib.WriteByte(0);
                zlib.Write(levels.Slice(row, width));
            }
        return bytes.ToArray();
    }

    static void WriteChunk(Stream file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        byte[] chunk = new byte[LengthAndName + data.Length + sizeof(uint)];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        name.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(LengthAndName));
        uint sum = Crc32.HashToUInt32(chunk.AsSpan(4, 4 + data.Length));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(LengthAndName + data.Length), sum);
        file.Write(chunk);
    }
}
