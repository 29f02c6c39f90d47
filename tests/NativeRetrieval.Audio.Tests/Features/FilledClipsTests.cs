using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Audio.Tests.Features;

/// <summary>Short clips that are repeated up to a model's window, and the front end of CLAP at 48 kHz.</summary>
public sealed class FilledClipsTests
{
    const int Window = 480_000;
    const string Golden = "fixtures/clap/clap-frontend.safetensors";

    static readonly LogMelSettings _clap = new() { SampleRateHz = 48_000, HopSamples = 480 };
    static readonly FeatureExtractor _features = new(FeatureSettings.Of(_clap, ResamplerPreset.High, longest: Window, filled: Window));

    [Theory]
    [InlineData(1)]
    [InlineData(479)]
    [InlineData(160_000)]
    [InlineData(160_001)]
    [InlineData(240_001)]
    [InlineData(479_999)]
    [InlineData(480_000)]
    [InlineData(500_000)]
    public void A_clip_is_repeated_as_often_as_it_fits_and_zeros_follow(int samples)
    {
        float[] clip = [.. Enumerable.Range(1, samples).Select(i => (float)i)], waveform = _features.Waveform(clip);
        Assert.Equal(Window, waveform.Length);
        int sound = Math.Max(1, Window / samples) * samples;
        for (int i = 0; i < Window; i++)
            if (waveform[i] != (i < sound ? clip[i % samples] : 0)) Assert.Fail($"sample {i} is {waveform[i]}");
        Assert.Equal(Window, _features.WaveformSamples(samples));
        var used = new float[Window];
        Array.Fill(used, float.NaN);
        _features.WriteWaveform(clip, used);
        Assert.Equal(waveform, used);
        Assert.Throws<ShapeException>(() => _features.WriteWaveform(clip, used.AsSpan(1)));
        LogMelClip features = _features.Extract(clip);
        Assert.Equal((1001, Math.Min(samples, Window)), (features.Frames, features.Samples));
    }

    [Fact]
    public void Only_the_rule_changes_the_name_of_features()
    {
        var plain = FeatureSettings.Of(_clap, ResamplerPreset.High, longest: Window);
        Assert.Equal("sample_rate_hz=48000 window_samples=1024 hop_samples=480 mel_bins=64 min_hz=50 max_hz=14000 floor=1E-10 "
            + "resampler=high minimum_samples=30240 maximum_samples=480000 trailing_silence_samples=0", plain.Description);
        Assert.Equal(plain.Description + " filled_samples=480000", _features.Settings.Description);
        Assert.NotEqual(plain.Id, _features.Settings.Id);
    }

    [Theory]
    [InlineData(1000, null)]
    [InlineData(50_000, 40_000)]
    public void A_length_below_the_least_or_above_the_longest_is_refused(int filled, int? most) =>
        Assert.Throws<OptionException>(() => new FeatureSettings { FilledSamples = filled, MaximumSamples = most }.Validate());

    [Theory]
    [InlineData("esc_0.3s")]
    [InlineData("esc_10s")]
    [InlineData("esc_3.3s")]
    [InlineData("impulse_1s")]
    [InlineData("noise_1")]
    [InlineData("noise_479")]
    [InlineData("noise_1023")]
    [InlineData("noise_16001")]
    [InlineData("silence_1s")]
    [InlineData("square_0.5s")]
    [InlineData("sweep_2s")]
    public void The_spectrogram_of_CLAP_is_Hugging_Faces(string signal)
    {
        Assert.SkipWhen(Fixtures.Shared(Golden) is null, Fixtures.WhyAbsent(Golden));
        using var golden = SafetensorsFile.Open(Fixtures.Shared(Golden)!);
        Compare(golden, $"{signal}/input_features", Samples(golden, signal));
    }

    [Fact]
    public void Windows_of_a_long_recording_are_Hugging_Faces()
    {
        Assert.SkipWhen(Fixtures.Shared(Golden) is null, Fixtures.WhyAbsent(Golden));
        using var golden = SafetensorsFile.Open(Fixtures.Shared(Golden)!);
        float[] samples = Samples(golden, "esc_23s");
        foreach (var (name, second) in new[]
        {
            ("window_0_10s", 0), ("window_10_20s", 10), ("window_13_23s", 13), ("tail_20_23s_repeatpad", 20),
        })
        {
            int start = second * 48_000;
            Compare(golden, $"esc_23s/{name}/input_features", samples[start..Math.Min(samples.Length, start + Window)]);
        }
    }

    static float[] Samples(SafetensorsFile golden, string signal) =>
        [.. golden.ReadInt64($"{signal}/waveform_int16").Select(value => value / 32768f)];

    /// <summary>
    /// Every value of every clip is within 2e-5 dB of the extractor's, whose own distance from float64 is 4.2e-6 dB (it rounds spectra to
    /// complex64 and results to float32); a result of ours adds its rounding to float32, 3.8e-6 dB, and that of its mel power.
    /// </summary>
    static void Compare(SafetensorsFile golden, string name, float[] samples)
    {
        double[] expected = golden.ReadFloat64(name);
        float[] actual = _features.Extract(samples).Values;
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
            if (!(Math.Abs(actual[i] - expected[i]) <= 2e-5))
                Assert.Fail($"{name}: frame {i / 64}, bin {i % 64}: {actual[i]} dB for {expected[i]}");
    }
}
