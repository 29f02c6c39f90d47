using System.Buffers.Binary;
using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// A segment file: a header of 4096 bytes, then rows of <see cref="StrideBytes"/> each, little-endian, zero-padded, so that
/// every row of the mapped file starts on a 64-byte boundary. The catalogue says how many rows count.
/// </summary>
internal sealed class SegmentFormat(int dimension, DType element)
{
    public const int HeaderSizeBytes = 4096;
    const int UsedHeaderSizeBytes = 28;
    const string Extension = ".nrs";

    static ReadOnlySpan<byte> Magic => "NRXSEG1\n"u8;

    public int Dimension => dimension;

    public DType Element => element;

    public int StrideBytes { get; } = RowSearch.StrideBytes(dimension, element);

    public static string FileName(int segment) => string.Create(CultureInfo.InvariantCulture, $"vectors-{segment:D6}{Extension}");

    public static bool IsSegmentFileName(string name) =>
        name.StartsWith("vectors-", StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal);

    public long OffsetBytes(int row) => HeaderSizeBytes + (long)row * StrideBytes;

    public byte[] Header(int segment)
    {
        byte[] header = new byte[HeaderSizeBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), segment);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), dimension);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), element.SizeBytes());
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), StrideBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), Crc32C.Of(header.AsSpan(0, 24)));
        return header;
    }

    /// <exception cref="IndexCorruptException">The header is damaged or of another segment.</exception>
    public void CheckHeader(string path, int segment, ReadOnlySpan<byte> header)
    {
        if (!header[..UsedHeaderSizeBytes].SequenceEqual(Header(segment).AsSpan(0, UsedHeaderSizeBytes)))
            throw new IndexCorruptException(path, $"the header is not that of segment {segment} with {dimension} {element} values per row");
    }

    /// <summary>Writes a vector as a row; <paramref name="row"/> is <see cref="StrideBytes"/> long and zero.</summary>
    public void Encode(ReadOnlySpan<float> vector, Span<byte> row)
    {
        for (int i = 0; i < dimension; i++)
            if (element == DType.Float32) BinaryPrimitives.WriteSingleLittleEndian(row[(4 * i)..], vector[i]);
            else BinaryPrimitives.WriteUInt16LittleEndian(row[(2 * i)..], ((BFloat16)vector[i]).Bits);
    }

    public float[] Decode(ReadOnlySpan<byte> row)
    {
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++)
            vector[i] = element == DType.Float32
                ? BinaryPrimitives.ReadSingleLittleEndian(row[(4 * i)..])
                : (float)new BFloat16(BinaryPrimitives.ReadUInt16LittleEndian(row[(2 * i)..]));
        return vector;
    }
}
