using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace NativeRetrieval.TestSupport.Checkpoints;

/// <summary>Writes zip archives of every kind that a reader meets; contents are streamed.</summary>
/// <param name="zip64">Puts all sizes and offsets where archives over 4 GB have them.</param>
public sealed class ZipWriter(Stream output, bool zip64 = false)
{
    readonly List<byte[]> _directory = [];

    public void Add(string name, ReadOnlyMemory<byte> contents, bool deflate = false)
    {
        var stored = contents;
        if (deflate)
        {
            using var buffer = new MemoryStream();
            using (var deflater = new DeflateStream(buffer, CompressionLevel.Optimal, leaveOpen: true)) deflater.Write(contents.Span);
            stored = buffer.ToArray();
        }
        Add(name, deflate ? (ushort)8 : (ushort)0, Crc32.HashToUInt32(contents.Span), stored.Length, contents.Length,
            stream => stream.Write(stored.Span));
    }

    /// <summary>Writes an entry of which everything is said by the caller, true or not.</summary>
    public void Add(string name, ushort method, uint crc, long storedBytes, long lengthBytes, Action<Stream> write,
        string? localName = null)
    {
        long offset = output.Position;
        output.Write(Header(0x04034B50, localName ?? name, method, crc, storedBytes, lengthBytes, null));
        write(output);
        _directory.Add(Header(0x02014B50, name, method, crc, storedBytes, lengthBytes, offset));
    }

    public void Finish()
    {
        long start = output.Position;
        foreach (var entry in _directory) output.Write(entry);
        long length = output.Position - start;
        if (zip64)
        {
            long end64 = output.Position;
            Fields(0x06064B50u, 44L, (ushort)45, (ushort)45, 0u, 0u, (long)_directory.Count, (long)_directory.Count, length, start);
            Fields(0x07064B50u, 0u, end64, 1u);
        }
        ushort count = zip64 ? ushort.MaxValue : (ushort)_directory.Count;
        Fields(0x06054B50u, (ushort)0, (ushort)0, count, count, zip64 ? uint.MaxValue : (uint)length, zip64 ? uint.MaxValue : (uint)start,
            (ushort)0);
    }

    /// <summary>A local header, or the directory's with an offset.</summary>
    byte[] Header(uint signature, string name, ushort method, uint crc, long storedBytes, long lengthBytes, long? offset)
    {
        var utf8 = Encoding.UTF8.GetBytes(name);
        uint stored = zip64 ? uint.MaxValue : (uint)storedBytes, length = zip64 ? uint.MaxValue : (uint)lengthBytes;
        ushort extra = (ushort)(!zip64 ? 0 : offset is null ? 20 : 28);
        using var header = new MemoryStream();
        Fields(header, signature);
        if (offset is not null) Fields(header, (ushort)45);
        Fields(header, (ushort)45, (ushort)0, method, 0u, crc, stored, length, (ushort)utf8.Length, extra);
        if (offset is { } at) Fields(header, (ushort)0, (ushort)0, (ushort)0, 0u, zip64 ? uint.MaxValue : (uint)at);
        header.Write(utf8);
        if (zip64) Fields(header, (ushort)1, (ushort)(extra - 4), lengthBytes, storedBytes);
        if (zip64 && offset is { } wide) Fields(header, wide);
        return header.ToArray();
    }

    void Fields(params object[] values) => Fields(output, values);

    static void Fields(Stream stream, params object[] values)
    {
        Span<byte> field = stackalloc byte[8];
        foreach (object value in values)
        {
            switch (value)
            {
                case ushort number: BinaryPrimitives.WriteUInt16LittleEndian(field, number); stream.Write(field[..2]); break;
                case uint number: BinaryPrimitives.WriteUInt32LittleEndian(field, number); stream.Write(field[..4]); break;
                case long number: BinaryPrimitives.WriteInt64LittleEndian(field, number); stream.Write(field); break;
                default: throw new ArgumentException($"no field of a zip archive: {value.GetType()}", nameof(values));
            }
        }
    }
}
