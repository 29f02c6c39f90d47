using System.Buffers.Binary;
using System.Text;

namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>Builds WAV files byte by byte, right or wrong as a test asks.</summary>
static class WavBytes
{
    public const ushort Pcm = 1, Float = 3;

    public static byte[] File(byte[] format, byte[] data, string riff = "RIFF", uint? dataSize = null, uint? riffSize = null,
        byte[]? before = null)
    {
        byte[] dataChunk = Chunk("data", data, dataSize);
        byte[] body = [.. "WAVE"u8, .. before ?? [], .. Chunk("fmt ", format), .. dataChunk];
        return [.. Encoding.ASCII.GetBytes(riff), .. U32(riffSize ?? (uint)body.Length), .. body];
    }

    public static byte[] Chunk(string id, byte[] body, uint? size = null) =>
        [.. Encoding.ASCII.GetBytes(id), .. U32(size ?? (uint)body.Length), .. body, .. body.Length % 2 == 1 ? new byte[1] : []];

    public static byte[] Format(int tag, int channels, uint sampleRateHz, int bits, int? frameBytes = null)
    {
        int frame = frameBytes ?? channels * ((bits + 7) / 8);
        return [.. U16(tag), .. U16(channels), .. U32(sampleRateHz), .. U32((uint)(sampleRateHz * frame)), .. U16(frame), .. U16(bits)];
    }

    public static byte[] ExtensibleFormat(int tag, int channels, uint sampleRateHz, int containerBits, int validBits) =>
        [.. Format(0xFFFE, channels, sampleRateHz, containerBits), .. U16(22), .. U16(validBits), .. U32(3), .. U16(tag),
         0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    /// <summary>A correct 16-bit file.</summary>
    public static byte[] Pcm16(int channels, int sampleRateHz, params short[] samples) =>
        File(Format(Pcm, channels, (uint)sampleRateHz, 16), [.. samples.SelectMany(s => U16((ushort)s))]);

    /// <summary>A correct float file.</summary>
    public static byte[] Float32(int channels, int sampleRateHz, params float[] samples) =>
        File(Format(Float, channels, (uint)sampleRateHz, 32), [.. samples.SelectMany(s => U32(BitConverter.SingleToUInt32Bits(s)))]);

    public static byte[] U16(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return bytes;
    }

    public static byte[] U32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] U64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
