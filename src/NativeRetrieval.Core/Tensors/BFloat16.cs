namespace NativeRetrieval.Core.Tensors;

/// <summary>The upper half of a float32: 8 exponent and 7 mantissa bits. Storage only; arithmetic is done in float32.</summary>
public readonly struct BFloat16(ushort bits) : IEquatable<BFloat16>
{
    /// <summary>Sign, exponent and mantissa, as in the upper half of a float32.</summary>
    public ushort Bits => bits;

    /// <summary>Widens the number, exactly.</summary>
    public static explicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    /// <summary>Rounds to nearest, ties to even; NaN stays NaN.</summary>
    public static explicit operator BFloat16(float value)
    {
        uint word = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return new((ushort)((word >> 16) | 0x40));
        return new((ushort)((word + 0x7FFF + ((word >> 16) & 1)) >> 16));
    }

    /// <summary>Equality of bits: unlike numbers, −0 and 0 differ and a NaN equals itself.</summary>
    public bool Equals(BFloat16 other) => Bits == other.Bits;

    /// <summary>True of a <see cref="BFloat16"/> of the same bits.</summary>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <summary>A hash of the bits.</summary>
    public override int GetHashCode() => Bits;

    /// <summary>The number as float32 writes it.</summary>
    public override string ToString() => ((float)this).ToString();
}
