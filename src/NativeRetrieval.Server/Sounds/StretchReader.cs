using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Server.Sounds;

/// <summary>Stretches of sounds that are read front to back.</summary>
internal static class StretchReader
{
    const int BlockSamples = 1 << 15;

    /// <summary>The samples of a stretch; fewer where the sound ends within it.</summary>
    /// <param name="name">Name of the sound in messages.</param>
    /// <exception cref="AudioDecodeException">The sound is damaged, or ends before the stretch begins.</exception>
    public static float[] Read(MonoReader reader, string name, double startSeconds, double seconds)
    {
        Skip(reader, name, startSeconds);
        var samples = new List<float>();
        long wanted = Samples(seconds, reader.SampleRateHz);
        var block = new float[BlockSamples];
        for (int read; (read = reader.Read(block.AsSpan(0, (int)Math.Min(block.Length, wanted - samples.Count)))) > 0;)
            samples.AddRange(block.AsSpan(0, read));
        return samples.Count > 0 ? [.. samples] : throw new AudioDecodeException(name, "holds no samples that can be decoded");
    }

    /// <summary>Reads up to the start of a stretch.</summary>
    /// <exception cref="AudioDecodeException">The sound is damaged, or ends before.</exception>
    public static void Skip(MonoReader reader, string name, double startSeconds)
    {
        long skip = Samples(startSeconds, reader.SampleRateHz), position = 0;
        var block = new float[BlockSamples];
        for (int read; position < skip; position += read)
            if ((read = reader.Read(block.AsSpan(0, (int)Math.Min(block.Length, skip - position)))) == 0)
                throw new AudioDecodeException(name, FormattableString.Invariant(
                    $"ends at {(double)position / reader.SampleRateHz:F3} s, before the start asked for, {startSeconds:F3} s"));
    }

    static long Samples(double seconds, int sampleRateHz) => (long)Math.Round(seconds * sampleRateHz);
}
