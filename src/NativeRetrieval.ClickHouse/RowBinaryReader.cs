using System.Buffers.Binary;
using System.Text;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.ClickHouse;

/// <summary>Values of ClickHouse's format RowBinary, one after another, little-endian; lengths are LEB128.</summary>
internal sealed class RowBinaryReader(ReadOnlyMemory<byte> bytes, string place)
{
    int _at;

    public bool IsAtEnd => _at == bytes.Length;

    public byte UInt8() => Take(1)[0];

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double Float64() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public string Text() => Encoding.UTF8.GetString(Take(Length()));

    public byte[] Bytes() => Take(Length()).ToArray();

    public float[] Floats() => Array(4, BinaryPrimitives.ReadSingleLittleEndian);

    public int[] Integers() => Array(4, BinaryPrimitives.ReadInt32LittleEndian);

    public long[] LongIntegers() => Array(8, BinaryPrimitives.ReadInt64LittleEndian);

    T[] Array<T>(int size, Func<ReadOnlySpan<byte>, T> read)
    {
        int count = Length();
        if (count > (bytes.Length - _at) / size) throw Damaged();
        var values = new T[count];
        for (int i = 0; i < count; i++) values[i] = read(Take(size));
        return values;
    }

    int Length()
    {
        long length = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte part = Take(1)[0];
            length |= (long)(part & 0x7F) << shift;
            if (part < 0x80) return length <= bytes.Length - _at ? (int)length : throw Damaged();
        }
        throw Damaged();
    }

    ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - _at) throw Damaged();
        var taken = bytes.Span.Slice(_at, count);
        _at += count;
        return taken;
    }

    IndexException Damaged() => new($"{place}: the server's answer ends too early, or has another form");
}
