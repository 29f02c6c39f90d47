using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Tests.Resampling;

public sealed class ResamplerTests
{
    const int TargetHz = 32000, Margin = 640;       // 20 ms at each end, where the tones are cut off

    [Fact]
    public void The_fast_preset_keeps_aliases_out_of_the_log_mel_band()
    {
        // The worst tone: it folds to just above 0.88 of the Nyquist frequency; one a little higher is gone.
        float[] Tone(double hz) => [.. Enumerable.Range(0, 44100).Select(i => (float)Math.Sin(2 * Math.PI * hz / 44100 * i))];
        double Remaining(double hz) =>
            10 * Math.Log10(2 * MeanSquare(Resampler.Resample(Tone(hz), 44100, TargetHz, ResamplerPreset.Fast).AsSpan(Margin..^Margin)));
        Assert.True(Remaining(1.121 * 16000) < -110, $"{Remaining(1.121 * 16000):F1} dB");
        Assert.True(Remaining(1.05 * 16000) > -40);
    }

    [Theory]
    [InlineData(44100, 32000)]
    [InlineData(8000, 32000)]
    [InlineData(96000, 32000)]
    [InlineData(44099, 32000)]      // interpolated phases
    [InlineData(32000, 44100)]
    public void Any_cut_of_the_input_gives_the_same_bits(int fromHz, int toHz)
    {
        var random = new Random(fromHz);
        float[] input = [.. Enumerable.Range(0, 9001).Select(_ => random.NextSingle() * 2 - 1)];
        float[] whole = Resampler.Resample(input, fromHz, toHz, ResamplerPreset.High);
        foreach (int largestPiece in (int[])[1, 50, 5000])
        {
            var resampler = new Resampler(fromHz, toHz, ResamplerPreset.High);
            var output = new List<float>();
            var room = new float[largestPiece];
            for (int at = 0; at < input.Length;)
            {
                int piece = Math.Min(random.Next(1, largestPiece + 1), input.Length - at);
                resampler.Push(input.AsSpan(at, piece));
                at += piece;
                output.AddRange(room.AsSpan(0, resampler.Pull(room)));
            }
            resampler.Complete();
            while (resampler.Pull(room) is var pulled and > 0) output.AddRange(room.AsSpan(0, pulled));
            Assert.Equal(whole, output);
        }
    }

    [Theory]
    [InlineData(44100, 32000, 1, 1)]
    [InlineData(44100, 32000, 441, 320)]
    [InlineData(44100, 32000, 442, 321)]
    [InlineData(96000, 32000, 1, 1)]
    [InlineData(96000, 32000, 4, 2)]
    [InlineData(8000, 32000, 1, 4)]
    [InlineData(11025, 32000, 5512, 15999)]
    [InlineData(32000, 32000, 7, 7)]
    [InlineData(500, 32000, 3, 192)]
    [InlineData(2_048_000, 32000, 65, 2)]
    [InlineData(44100, 32000, 0, 0)]
    public void The_output_covers_the_input_rounded_up(int fromHz, int toHz, int inputs, int outputs)
    {
        Assert.Equal(outputs, Resampler.Resample(new float[inputs], fromHz, toHz, ResamplerPreset.High).Length);
        Assert.Equal(outputs, Resampler.OutputLength(inputs, fromHz, toHz));
    }

    [Theory]
    [InlineData(44099)]
    [InlineData(31999)]
    [InlineData(47951)]
    [InlineData(7919)]
    public void Rates_without_a_small_ratio_are_as_exact(int rate)
    {
        double[] hz = [0.013, 0.21, 0.47, 0.84];
        double Tones(double seconds) => hz.Sum(f => Math.Sin(2 * Math.PI * f * Math.Min(rate, TargetHz) / 2 * seconds)) / hz.Length;
        float[] input = [.. Enumerable.Range(0, rate / 4).Select(i => (float)Tones(i / (double)rate))];
        float[] ours = Resampler.Resample(input, rate, TargetHz, ResamplerPreset.High);
        double error = 0, signal = 0;
        for (int i = Margin; i < ours.Length - Margin; i++)
        {
            error += Math.Pow(ours[i] - Tones(i / (double)TargetHz), 2);
            signal += Math.Pow(Tones(i / (double)TargetHz), 2);
        }
        double errorDb = 10 * Math.Log10(error / signal);
        Assert.True(errorDb < -110, $"{rate} Hz: {errorDb:F1} dB");
    }

    [Theory]
    [InlineData(1, 32000)]
    [InlineData(499, 32000)]
    [InlineData(1_000_000_000, 32000)]
    [InlineData(32000, 1_000_000_000)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(0, 32000)]
    [InlineData(32000, 0)]
    [InlineData(-44100, 32000)]
    public void Absurd_ratios_are_refused_without_allocating(int fromHz, int toHz)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<OptionException>(() => Resampler.Resample(new float[10], fromHz, toHz, ResamplerPreset.High));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 16);
    }

    [Fact]
    public void The_most_distant_rates_still_work_in_bounded_memory()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Resampler.Resample(new float[10], 2_047_999, 32000, ResamplerPreset.Fast);
        Resampler.Resample(new float[10], 501, 32000, ResamplerPreset.Fast);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void Presets_are_found_by_name()
    {
        Assert.Same(ResamplerPreset.High, ResamplerPreset.Parse("high"));
        Assert.Same(ResamplerPreset.Fast, ResamplerPreset.Parse("fast"));
        Assert.Contains("choose high or fast", Assert.Throws<OptionException>(() => ResamplerPreset.Parse("best")).Message,
            StringComparison.Ordinal);
        Assert.Equal(264, new Resampler(44100, 32000, ResamplerPreset.High).Taps);
        Assert.Equal(96, new Resampler(44100, 32000, ResamplerPreset.Fast).Taps);
    }

    static double MeanSquare(ReadOnlySpan<float> x)
    {
        double sum = 0;
        foreach (float value in x) sum += (double)value * value;
        return sum / x.Length;
    }
}
