using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NAudio.Wave;

namespace NativeRetrieval.NAudio;

/// <summary>Writes WAV by NAudio's writer in the narrowest form that holds every sample exactly.</summary>
internal static class ExcerptWriter
{
    const float Pcm16Scale = 32768f, Pcm24Scale = 8388608f;     // powers of two: scaling by them is exact

    /// <param name="file">Target; it stays open.</param>
    /// <param name="samples">[frames × channels], frame by frame.</param>
    public static void Write(Stream file, ReadOnlySpan<float> samples, int sampleRateHz, int channels)
    {
        bool isPcm16 = IsExact(samples, Pcm16Scale), isPcm24 = !isPcm16 && IsExact(samples, Pcm24Scale);
        var format = isPcm16 ? new WaveFormat(sampleRateHz, 16, channels)
            : isPcm24 ? new WaveFormat(sampleRateHz, 24, channels)
            : WaveFormat.CreateIeeeFloatWaveFormat(sampleRateHz, channels);
        using var writer = new WaveFileWriter(file, format, new WaveFileWriterOptions { EnableRf64 = IsLong(samples.Length, format) });
        int sampleBytes = format.BitsPerSample / 8;
        var block = new byte[Math.Min(samples.Length, 1 << 16) * sampleBytes];
        for (int start = 0; start < samples.Length; start += block.Length / sampleBytes)
        {
            var part = samples.Slice(start, Math.Min(block.Length / sampleBytes, samples.Length - start));
            var bytes = block.AsSpan(0, part.Length * sampleBytes);
            if (isPcm16) ToPcm16(part, bytes);
            else if (isPcm24) ToPcm24(part, bytes);
            else ToFloat(part, bytes);
            writer.Write(bytes);
        }
    }

    /// <summary>True where a WAV file's 32-bit sizes may not do.</summary>
    static bool IsLong(int samples, WaveFormat format) => (long)samples * (format.BitsPerSample / 8) > int.MaxValue;

    static bool IsExact(ReadOnlySpan<float> samples, float scale)
    {
        foreach (float sample in samples)
        {
            float value = sample * scale;
            if (!(value >= -scale && value <= scale - 1 && value == MathF.Round(value))) return false;
        }
        return true;
    }

    static void ToPcm16(ReadOnlySpan<float> samples, Span<byte> bytes)
    {
        for (int i = 0; i < samples.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(bytes[(2 * i)..], (short)(samples[i] * Pcm16Scale));
    }

    static void ToPcm24(ReadOnlySpan<float> samples, Span<byte> bytes)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            int value = (int)(samples[i] * Pcm24Scale);
            (bytes[3 * i], bytes[3 * i + 1], bytes[3 * i + 2]) = ((byte)value, (byte)(value >> 8), (byte)(value >> 16));
        }
    }

    static void ToFloat(ReadOnlySpan<float> samples, Span<byte> bytes)
    {
        if (BitConverter.IsLittleEndian) MemoryMarshal.AsBytes(samples).CopyTo(bytes);
        else for (int i = 0; i < samples.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes[(4 * i)..], samples[i]);
    }
}
