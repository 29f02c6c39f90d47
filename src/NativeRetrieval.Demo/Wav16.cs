using System.Buffers.Binary;
using System.Text;

namespace NativeRetrieval.Demo;

/// <summary>WAV, one channel, 16-bit PCM.</summary>
internal static class Wav16
{
    const int HeaderBytes = 44;

    /// <param name="samples">Samples in [−1, 1]; values outside are clipped.</param>
    public static byte[] Encode(ReadOnlySpan<float> samples, int sampleRateHz)
    {
        byte[] file = new byte[HeaderBytes + samples.Length * sizeof(short)];
        var bytes = file.AsSpan();
        Encoding.ASCII.GetBytes("RIFF", bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], file.Length - 8);
        Encoding.ASCII.GetBytes("WAVEfmt ", bytes[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], 16);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[20..], 1);        // PCM
        BinaryPrimitives.WriteInt16LittleEndian(bytes[22..], 1);        // channels
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], sampleRateHz);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], sampleRateHz * sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(bytes[32..], sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(bytes[34..], 16);
        Encoding.ASCII.GetBytes("data", bytes[36..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[40..], samples.Length * sizeof(short));
        for (int i = 0; i < samples.Length; i++)
        {
            float value = MathF.Round(Math.Clamp(samples[i], -1, 1) * short.MaxValue);
            BinaryPrimitives.WriteInt16LittleEndian(bytes[(HeaderBytes + i * sizeof(short))..], (short)value);
        }
        return file;
    }
}
