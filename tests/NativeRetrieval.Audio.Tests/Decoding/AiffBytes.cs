using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>Builds AIFF files byte by byte.</summary>
static class AiffBytes
{
    /// <summary>44,100 as an 80-bit float.</summary>
    static readonly byte[] _rate44100 = [0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0];

    /// <summary>A correct file of 16 bits at 44.1 kHz.</summary>
    public static byte[] Pcm16(int channels, params short[] samples)
    {
        byte[] common = [.. U16(channels), .. U32(samples.Length / channels), .. U16(16), .. _rate44100];
        byte[] sound = [.. U32(0), .. U32(0), .. samples.SelectMany(sample => U16((ushort)sample))];
        byte[] body = [.. "AIFF"u8, .. "COMM"u8, .. U32(common.Length), .. common, .. "SSND"u8, .. U32(sound.Length), .. sound];
        return [.. "FORM"u8, .. U32(body.Length), .. body];
    }

    static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];

    static byte[] U32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
