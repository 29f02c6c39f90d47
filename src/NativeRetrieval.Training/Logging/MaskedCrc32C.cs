using System.Buffers.Binary;
using System.Numerics;

namespace NativeRetrieval.Training.Logging;

/// <summary>
/// The checksum of TFRecord files: CRC-32C, rotated right by 15 and shifted by a constant, so that
/// checksums of data that holds checksums stay useful.
/// </summary>
static class MaskedCrc32C
{
    const uint MaskDelta = 0xA282EAD8;

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= 8; data = data[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte value in data) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + MaskDelta;
    }
}
