namespace NativeRetrieval.Core.Serialization;

/// <summary>bfloat16: the upper half of a float32. Stored, never computed with.</summary>
internal static class BFloat16Bits
{
    /// <summary>Rounds to nearest, ties to even. A NaN stays a NaN.</summary>
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)(bits >> 16 | 0x40);
        return (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
