using System.Buffers.Binary;

namespace NativeRetrieval.WeightsConvert.Zip;

/// <summary>The extra field that holds, in a fixed order, those sizes and offsets of an entry that 32 bits cannot.</summary>
ref struct Zip64Extra
{
    const ushort Id = 1;

    ReadOnlySpan<byte> _values;

    public Zip64Extra(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]), extra.Length - 4);
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == Id)
            {
                _values = extra.Slice(4, length);
                return;
            }
            extra = extra[(4 + length)..];
        }
    }

    /// <summary>The value itself; or, if it is the mark for 64 bits, the next value of this field, negative where there is none.</summary>
    public long Or(uint value)
    {
        if (value != uint.MaxValue) return value;
        if (_values.Length < 8) return -1;
        long wide = BinaryPrimitives.ReadInt64LittleEndian(_values);
        _values = _values[8..];
        return wide;
    }
}
