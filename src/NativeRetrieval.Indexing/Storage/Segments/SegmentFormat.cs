using System.Buffers.Binary;
using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>
/// A segment file: a header of 4096 bytes, then rows of <see cref="StrideBytes"/> each, little-endian, zero-padded, so that
/// every row starts on a 64-byte boundary of the file. The catalogue says how many rows count.
/// </summary>
/// <param name="indexId">Id of the index, in the header since version 2; empty in an index of schema version 1.</param>
internal sealed class SegmentFormat(int dimension, DType element, Guid indexId)
{
    public const int HeaderSizeBytes = 4096;
    public const int HeaderVersion = 2;
    const int IdOffset = 24, IdSizeBytes = 16;
    const string Extension = ".nrs";

    public Guid IndexId => indexId;

    public int Dimension => dimension;

    public DType Element => element;

    public int StrideBytes { get; } = RowSearch.StrideBytes(dimension, element);

    public static string FileName(int segment) => string.Create(CultureInfo.InvariantCulture, $"vectors-{segment:D6}{Extension}");

    public static bool IsSegmentFileName(string name) =>
        name.StartsWith("vectors-", StringComparison.Ordinal) && name.EndsWith(Extension, StringComparison.Ordinal);

    public long OffsetBytes(int row) => HeaderSizeBytes + (long)row * StrideBytes;

    /// <summary>The header of a new segment.</summary>
    public byte[] Header(int segment) => Header(segment, HeaderVersion, indexId);

    byte[] Header(int segment, int version, Guid id)
    {
        byte[] header = new byte[HeaderSizeBytes];
        (version == 1 ? "NRXSEG1\n"u8 : "NRXSEG2\n"u8).CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), segment);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), dimension);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), element.SizeBytes());
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), StrideBytes);
        int used = version == 1 ? IdOffset : IdOffset + IdSizeBytes;
        if (version != 1) id.TryWriteBytes(header.AsSpan(IdOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(used), Crc32C.Of(header.AsSpan(0, used)));
        return header;
    }

    /// <exception cref="IndexCorruptException">The header is damaged, of another segment or of another index.</exception>
    public void CheckHeader(string path, SegmentRecord segment, ReadOnlySpan<byte> header)
    {
        if (header.SequenceEqual(Header(segment.Id, segment.Version, indexId))) return;
        var other = new Guid(header.Slice(IdOffset, IdSizeBytes));
        string problem = segment.Version != 1 && header.SequenceEqual(Header(segment.Id, segment.Version, other))
            ? $"belongs to the index {other:N}, the catalogue beside it to {indexId:N}: files of two indexes are mixed"
            : $"the header is not that of segment {segment.Id} with {dimension} {element} values per row";
        throw new IndexCorruptException(path, $"{problem}; {ReadSession.WayOut}");
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
