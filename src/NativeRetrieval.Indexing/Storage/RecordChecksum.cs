using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// CRC-32C over the fields of one catalogue record. SQLite's pages carry no checksum: without this a flipped bit in a
/// path or a number would be returned as if it were true.
/// </summary>
internal sealed class RecordChecksum
{
    readonly ArrayBufferWriter<byte> _bytes = new();

    public RecordChecksum Add(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    public RecordChecksum Add(double value) => Add(BitConverter.DoubleToInt64Bits(value));

    public RecordChecksum Add(ReadOnlySpan<byte> value)
    {
        Add(value.Length);
        _bytes.Write(value);
        return this;
    }

    public RecordChecksum Add(string value) => Add(Encoding.UTF8.GetBytes(value));

    public long Value => Crc32C.Of(_bytes.WrittenSpan);
}
