namespace NativeRetrieval.Core.Tensors;

/// <summary>The upper half of a float32: 8 exponent and 7 mantissa bits. Storage only; arithmetic is done in float32.</summary>
public readonly struct BFloat16(ushort bits) : IEquatable<BFloat16>
{
    public ushort Bits => bits;

    public static explicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    /// <summary>Rounds to nearest, ties to even; NaN stays NaN.</summary>
    public static explicit operator BFloat16(float value)
    {
        uint word = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return new((ushort)((word >> 16) | 0x40));
        return new((ushort)((word + 0x7FFF + ((word >> 16) & 1)) >> 16));
    }

    public bool Equals(BFloat16 other) => Bits == other.Bits;

    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    public override int GetHashCode() => Bits;

    public override string ToString() => ((float)this).ToString();
}
