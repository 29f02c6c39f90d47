using System.Buffers.Binary;
using System.Numerics;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// CRC-32C (Castagnoli), as in iSCSI (RFC 3720) and TensorBoard's event files; detects every burst of up to 32 flipped bits.
/// </summary>
public static class Crc32C
{
    /// <summary>
    /// The checksum of <paramref name="bytes"/>, with the usual start and end: initial value and final inversion are 0xFFFFFFFF.
    /// </summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte value in bytes) crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
