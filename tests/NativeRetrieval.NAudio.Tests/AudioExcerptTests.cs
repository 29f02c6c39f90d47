using NAudio.Wave;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.NAudio.Tests;

/// <summary>Excerpts: the source's samples, the narrowest exact form, names that any file system takes.</summary>
public sealed class AudioExcerptTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(16, 1, 16)]
    [InlineData(8, 2, 16)]
    [InlineData(24, 2, 24)]
    [InlineData(24, 5, 24)]
    public void An_excerpt_of_whole_numbers_has_the_samples_of_the_stretch_in_the_narrowest_form(int bits, int channels, int written)
    {
        float[] samples = Sounds.Pcm(44_100 * channels, bits);
        Sounds.WriteWav(_folder["a.wav"], new WaveFormat(44_100, Math.Max(bits, 16), channels), samples);
        AudioExcerpt.Write(_folder["a.wav"], 0.25, 0.75, _folder["b.wav"], TestContext.Current.CancellationToken);
        Sounds.AssertSameBits(samples.AsSpan(11_025 * channels, 22_050 * channels), Sounds.ReadFile(_folder["b.wav"]));
        using var reader = new WaveFileReader(_folder["b.wav"]);
        Assert.Equal((44_100, channels, written, WaveFormatEncoding.Pcm), (reader.WaveFormat.SampleRate, reader.WaveFormat.Channels,
            reader.WaveFormat.BitsPerSample, reader.WaveFormat.Encoding));
    }

    [Fact]
    public void An_excerpt_with_the_extremes_of_16_bits_keeps_them()
    {
        float[] samples = Sounds.Pcm(1_000, 16);
        Sounds.WriteWav(_folder["a.wav"], new WaveFormat(1_000, 16, 1), samples);
        AudioExcerpt.Write(_folder["a.wav"], 0, 1, _folder["b.wav"], TestContext.Current.CancellationToken);
        Sounds.AssertSameBits(samples, Sounds.ReadFile(_folder["b.wav"]));
    }

    [Fact]
    public void An_excerpt_of_floats_is_float_to_the_bit()
    {
        float[] samples = [.. Sounds.Noise(2 * 48_000).Select(sample => 3 * sample)];
        Sounds.WriteWav(_folder["a.wav"], WaveFormat.CreateIeeeFloatWaveFormat(48_000, 2), samples);
        AudioExcerpt.Write(_folder["a.wav"], 0, 0.5, _folder["b.wav"], TestContext.Current.CancellationToken);
        Sounds.AssertSameBits(samples.AsSpan(0, 48_000), Sounds.ReadFile(_folder["b.wav"]));
        using var reader = new WaveFileReader(_folder["b.wav"]);
        Assert.Equal((WaveFormatEncoding.IeeeFloat, 32), (reader.WaveFormat.Encoding, reader.WaveFormat.BitsPerSample));
    }

    [Theory]
    [InlineData(1f)]                        // one step above the largest whole number of any width
    [InlineData(0.1f)]                      // between two steps of 24 bits
    [InlineData(-1.0000001f)]
    public void A_single_sample_that_no_whole_number_holds_makes_the_excerpt_float(float odd)
    {
        float[] samples = [0, 0.5f, -1, odd, 0.25f];
        Sounds.WriteWav(_folder["a.wav"], WaveFormat.CreateIeeeFloatWaveFormat(1_000, 1), samples);
        AudioExcerpt.Write(_folder["a.wav"], 0, 0.005, _folder["b.wav"], TestContext.Current.CancellationToken);
        Sounds.AssertSameBits(samples, Sounds.ReadFile(_folder["b.wav"]));
    }

    [Fact]
    public void An_excerpt_ends_with_its_recording_where_rounded_times_reach_behind_it()
    {
        float[] samples = Sounds.Pcm(10_007, 16);
        Sounds.WriteWav(_folder["a.wav"], new WaveFormat(44_100, 16, 1), samples);
        AudioExcerpt.Write(_folder["a.wav"], 0.1, 10_030 / 44_100.0, _folder["b.wav"], TestContext.Current.CancellationToken);
        Sounds.AssertSameBits(samples.AsSpan(4_410), Sounds.ReadFile(_folder["b.wav"]));
    }

    [Theory]
    [InlineData(0.5, 1.1)]
    [InlineData(2, 3)]
    public void A_recording_that_ends_before_the_stretch_is_named_and_nothing_is_written(double start, double end)
    {
        Sounds.WriteWav(_folder["a.wav"], new WaveFormat(8_000, 16, 1), Sounds.Pcm(8_000, 16));
        var error = Assert.Throws<AudioDecodeException>(() =>
            AudioExcerpt.Write(_folder["a.wav"], start, end, _folder["b.wav"], TestContext.Current.CancellationToken));
        Assert.Contains(FormattableString.Invariant($"ends at 1.000 s, before the stretch from {start:F3} to {end:F3} s does"),
            error.Message);
        Assert.Equal(["a.wav"], Directory.GetFileSystemEntries(_folder.FullPath).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(-1, 1)]
    [InlineData(0, double.NaN)]
    [InlineData(0, 1e12)]
    [InlineData(0.1, 0.1000001)]
    public void Stretches_that_cannot_be_are_refused(double start, double end)
    {
        Sounds.WriteWav(_folder["a.wav"], new WaveFormat(8_000, 16, 1), Sounds.Pcm(8_000, 16));
        Assert.Throws<OptionException>(() =>
            AudioExcerpt.Write(_folder["a.wav"], start, end, _folder["b.wav"], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(1, 0.8994f, "/s/demo-0112.wav", 0, 10, "01-0.899-demo-0112-0m00.0s.wav")]
    [InlineData(7, -0.05f, "/s/rain.mp3", 12.55, 100, "007--0.050-rain-0m12.5s.wav")]
    [InlineData(12, 1f, "/s/a b:c*\"<>|?\\\n\u202e.flac", 3_725.99, 12, "12-1.000-a_b_c_________-1h02m05.9s.wav")]
    [InlineData(3, 0.5f, "/s/Vögel im Wald・鳥.ogg", 60, 3, "03-0.500-Vögel_im_Wald_鳥-1m00.0s.wav")]
    [InlineData(3, 0.5f, "/s/.wav", 0, 3, "03-0.500-_-0m00.0s.wav")]
    public void Names_have_rank_score_recording_and_start_in_characters_that_any_file_system_takes(int rank, float score, string path,
        double start, int hits, string name) =>
        Assert.Equal(name, AudioExcerpt.FileName(new SearchHit(rank, path, start, start + 1, score, 0), hits));

    [Fact]
    public void Long_names_are_cut_between_characters()
    {
        string name = AudioExcerpt.FileName(new SearchHit(1, new string('鳥', 84) + ".wav", 0, 1, 1, 0), 10);
        Assert.Equal("01-1.000-" + new string('鳥', 40) + "-0m00.0s.wav", name);
    }

    public void Dispose() => _folder.Dispose();
}
