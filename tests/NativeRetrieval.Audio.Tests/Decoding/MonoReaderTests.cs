using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Tests.Decoding;

public sealed class MonoReaderTests
{
    [Fact]
    public void Channels_are_averaged()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a.wav"], WavBytes.Float32(3, 32000, 0.3f, 0.6f, 0.9f, -0.3f, 0f, 0f));
        Assert.Equal([0.6f, -0.1f], MonoReader.ReadAll(folder["a.wav"], 32000).Select(x => MathF.Round(x, 6)));
    }

    [Theory]
    [InlineData(1, 44100)]
    [InlineData(1, 8000)]
    [InlineData(1, 32000)]
    [InlineData(70_001, 44100)]
    [InlineData(70_001, 32000)]
    [InlineData(33_333, 8000)]
    public void A_file_of_any_length_reads_like_its_samples_resampled_at_once(int frames, int sampleRateHz)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(frames);
        float[] samples = [.. Enumerable.Range(0, frames).Select(_ => random.NextSingle() - 0.5f)];
        File.WriteAllBytes(folder["a.wav"], WavBytes.Float32(1, sampleRateHz, samples));
        float[] expected = Resampler.Resample(samples, sampleRateHz, 32000, ResamplerPreset.High);
        Assert.Equal(expected, MonoReader.ReadAll(folder["a.wav"], 32000));

        using MonoReader reader = MonoReader.Open(folder["a.wav"], 32000);
        Assert.Equal(expected.Length, reader.LengthSamples);
        var pieces = new List<float>();
        var piece = new float[997];
        while (reader.Read(piece) is var read and > 0) pieces.AddRange(piece.AsSpan(0, read));
        Assert.Equal(expected, pieces);
    }

    [Theory]
    [InlineData(1u)]
    [InlineData(499u)]
    [InlineData(1_000_000_000u)]
    public void A_sample_rate_too_far_from_the_wanted_one_names_the_file(uint sampleRateHz)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a.wav"], WavBytes.File(WavBytes.Format(WavBytes.Pcm, 1, sampleRateHz, 16), new byte[100]));
        string message = Assert.Throws<AudioDecodeException>(() => MonoReader.ReadAll(folder["a.wav"], 32000)).Message;
        Assert.StartsWith(folder["a.wav"], message, StringComparison.Ordinal);
        Assert.Contains("factor of 64", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, 4, 1, "0+1")]           // shorter than a window: the one window it is
    [InlineData(10, 4, 10, "0+10")]
    [InlineData(10, 4, 11, "0+10 1+10")]    // the last window ends with the file
    [InlineData(10, 4, 14, "0+10 4+10")]
    [InlineData(10, 4, 15, "0+10 4+10 5+10")]
    [InlineData(10, 10, 35, "0+10 10+10 20+10 25+10")]
    [InlineData(1, 1, 3, "0+1 1+1 2+1")]
    public void Windows_cover_every_sample_and_end_with_the_file(int windowSamples, int hopSamples, int frames, string expected)
    {
        using var folder = new TemporaryFolder();
        float[] samples = [.. Enumerable.Range(1, frames).Select(i => (float)i)];
        File.WriteAllBytes(folder["a.wav"], WavBytes.Float32(1, 32000, samples));
        using WindowReader reader = WindowReader.Open(folder["a.wav"], 32000, windowSamples, hopSamples);
        var windows = new List<SampleWindow>();
        while (reader.Read() is { } window) windows.Add(window);
        Assert.Null(reader.Read());
        Assert.Equal(expected, string.Join(' ', windows.Select(w => $"{w.StartSample}+{w.Samples.Length}")));
        foreach (SampleWindow window in windows)
            Assert.Equal(samples.Skip((int)window.StartSample).Take(window.Samples.Length), window.Samples);
        Assert.Equal(frames / 32000.0, windows[^1].EndSeconds, 1e-12);

        using WindowReader again = WindowReader.Open(folder["a.wav"], 32000, windowSamples, hopSamples);
        Assert.True(again.Current.IsEmpty);
        foreach (SampleWindow window in windows)
        {
            Assert.True(again.Advance());
            Assert.Equal(window.StartSample, again.StartSample);
            Assert.Equal(window.Samples, again.Current);
        }
        Assert.False(again.Advance());
        Assert.Equal(windows[^1].Samples, again.Current);
        again.Dispose();
        again.Dispose();        // its memory goes back once
        Assert.Throws<ObjectDisposedException>(() => again.Read());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(10, 0)]
    [InlineData(10, 11)]
    [InlineData(3600 * 32000 + 1, 10)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void A_window_or_hop_out_of_range_is_refused(int windowSamples, int hopSamples) =>
        Assert.Throws<OptionException>(() => WindowReader.Open("any.wav", 32000, windowSamples, hopSamples));
}
