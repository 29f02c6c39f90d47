using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Decoding.Ffmpeg;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Tests.Decoding;

/// <summary>Committed sounds, damaged copies of them, and the decoders that a test allows.</summary>
static class Sounds
{
    /// <summary>The decoders of this assembly alone, as on a machine without libsndfile and ffmpeg.</summary>
    public static readonly DecoderSet Managed = new(HasLibsndfile: false, Ffmpeg: null);

    /// <summary>Without ffmpeg, so that a fuzz run starts no processes.</summary>
    public static readonly DecoderSet InProcess = new(Libsndfile.IsAvailable, Ffmpeg: null);

    public static string Path(string name) => Fixtures.Small(System.IO.Path.Combine("sounds", name));

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path(name));

    public static void SkipWithoutLibsndfile()
    {
        if (!Libsndfile.IsAvailable) Assert.Skip($"libsndfile is absent: {Libsndfile.HowToInstall}");
    }

    public static FfmpegProgram FfmpegOrSkip()
    {
        if (FfmpegProgram.Installed is null) Assert.Skip($"ffmpeg is absent: {FfmpegProgram.HowToInstall}");
        return FfmpegProgram.Installed!;
    }

    /// <summary>Decodes bytes to their end by the decoders of this machine, or those that a test allows.</summary>
    public static DecodedSound Read(byte[] bytes, DecoderSet? decoders = null)
    {
        using var folder = new TemporaryFolder();
        string path = folder["sound"];
        File.WriteAllBytes(path, bytes);
        return ReadFile(path, decoders);
    }

    /// <inheritdoc cref="Read"/>
    public static DecodedSound ReadFile(string path, DecoderSet? decoders = null)
    {
        using IAudioStream stream = AudioDecoder.Open(path, decoders ?? DecoderSet.Installed);
        var block = new float[1000 * stream.Channels];
        var all = new List<float>();
        while (stream.Read(block) is var frames and > 0) all.AddRange(block.AsSpan(0, frames * stream.Channels));
        return new DecodedSound([.. all], stream.SampleRateHz, stream.Channels, stream.LengthFrames, stream.Defect);
    }

    /// <summary>The problem with bytes that cannot be decoded, without the file's name.</summary>
    public static string ProblemOf(byte[] bytes, DecoderSet? decoders = null) =>
        Assert.Throws<AudioDecodeException>(() => Read(bytes, decoders)).Problem;

    /// <summary>A copy with <paramref name="count"/> inverted bytes from <paramref name="start"/> on.</summary>
    public static byte[] Damaged(byte[] bytes, int start, int count)
    {
        byte[] damaged = [.. bytes];
        for (int i = start; i < start + count; i++) damaged[i] ^= 0xFF;
        return damaged;
    }
}

/// <summary>A sound, decoded to its end.</summary>
/// <param name="Samples">Interleaved.</param>
/// <param name="StatedFrames">The length known before decoding.</param>
sealed record DecodedSound(float[] Samples, int SampleRateHz, int Channels, long? StatedFrames, string? Defect)
{
    public int Frames => Samples.Length / Channels;

    /// <summary>The largest difference between both sounds, which are equally long.</summary>
    public float LargestDifference(DecodedSound other)
    {
        Assert.Equal((other.Frames, other.Channels, other.SampleRateHz), (Frames, Channels, SampleRateHz));
        float largest = 0;
        for (int i = 0; i < Samples.Length; i++) largest = Math.Max(largest, Math.Abs(Samples[i] - other.Samples[i]));
        return largest;
    }

    /// <summary>The power of a stretch of the first channel.</summary>
    public double Power(double fromSeconds, double toSeconds)
    {
        int from = (int)(fromSeconds * SampleRateHz), to = (int)(toSeconds * SampleRateHz);
        double sum = 0;
        for (int i = from; i < to; i++) sum += Samples[i * Channels] * (double)Samples[i * Channels];
        return sum / (to - from);
    }
}
