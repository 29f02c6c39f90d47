using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace NativeRetrieval.ClickHouse;

/// <summary>Rows in ClickHouse's format RowBinary.</summary>
internal sealed class RowBinaryWriter
{
    readonly ArrayBufferWriter<byte> _bytes = new();

    public bool IsEmpty => _bytes.WrittenCount == 0;

    public ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    public RowBinaryWriter UInt8(byte value)
    {
        _bytes.Write([value]);
        return this;
    }

    public RowBinaryWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public RowBinaryWriter UInt32(uint value) => Int32(unchecked((int)value));

    public RowBinaryWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    public RowBinaryWriter Float64(double value) => Int64(BitConverter.DoubleToInt64Bits(value));

    public RowBinaryWriter Text(string value) => Binary(Encoding.UTF8.GetBytes(value));

    public RowBinaryWriter Texts(IReadOnlyCollection<string> values)
    {
        Length(values.Count);
        foreach (string value in values) Text(value);
        return this;
    }

    public RowBinaryWriter Floats(ReadOnlySpan<float> values)
    {
        Length(values.Length);
        foreach (float value in values) Int32(BitConverter.SingleToInt32Bits(value));
        return this;
    }

    public RowBinaryWriter Integers(ReadOnlySpan<int> values)
    {
        Length(values.Length);
        foreach (int value in values) Int32(value);
        return this;
    }

    public RowBinaryWriter LongIntegers(IReadOnlyCollection<long> values)
    {
        Length(values.Count);
        foreach (long value in values) Int64(value);
        return this;
    }

    public RowBinaryWriter Binary(ReadOnlySpan<byte> value)
    {
        Length(value.Length);
        _bytes.Write(value);
        return this;
    }

    void Length(int value)
    {
        uint rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7) UInt8((byte)(rest | 0x80));
        UInt8((byte)rest);
    }
}
