using NAudio.Wave;
using NativeRetrieval.Audio.Decoding;

namespace NativeRetrieval.NAudio.Tests;

/// <summary>Samples, and ways to write and read them.</summary>
internal static class Sounds
{
    /// <summary>Floats of every kind within full scale: noise of all bits, both zeros, the least number.</summary>
    public static float[] Noise(int samples, int seed = 1)
    {
        var random = new Random(seed);
        float[] noise = [.. Enumerable.Range(0, samples).Select(_ => random.NextSingle() * 2 - 1)];
        float[] special = [0f, -0f, float.Epsilon, -1f, 1f];
        special.AsSpan(0, Math.Min(special.Length, samples)).CopyTo(noise);
        return noise;
    }

    /// <summary>Multiples of 2^(1−bits) from −1 to the largest below 1.</summary>
    public static float[] Pcm(int samples, int bits)
    {
        long scale = 1L << bits - 1;
        var random = new Random(2);
        float[] values = [.. Enumerable.Range(0, samples).Select(_ => (float)((double)random.NextInt64(-scale, scale) / scale))];
        (values[0], values[1], values[2]) = (-1f, (float)((double)(scale - 1) / scale), 1f / scale);
        return values;
    }

    public static void WriteWav(string path, WaveFormat format, float[] samples)
    {
        using var writer = new WaveFileWriter(path, format);
        int bits = format.BitsPerSample;
        foreach (float sample in samples)
            if (format.Encoding == WaveFormatEncoding.IeeeFloat) writer.Write(BitConverter.GetBytes(sample));
            else writer.Write(BitConverter.GetBytes((long)(sample * (double)(1L << bits - 1))).AsSpan(0, bits / 8));
    }

    public static float[] ReadAll(IAudioStream stream, int roomSamples)
    {
        var all = new List<float>();
        var room = new float[roomSamples];
        for (int frames; (frames = stream.Read(room)) > 0;) all.AddRange(room.AsSpan(0, frames * stream.Channels));
        Assert.Equal(0, stream.Read(room));
        return [.. all];
    }

    public static float[] ReadFile(string path)
    {
        using var stream = AudioDecoder.Open(path);
        return ReadAll(stream, 4096 / stream.Channels * stream.Channels);
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.Equal(Bits(expected), Bits(actual));

    static int[] Bits(ReadOnlySpan<float> samples) => [.. samples.ToArray().Select(BitConverter.SingleToInt32Bits)];
}
