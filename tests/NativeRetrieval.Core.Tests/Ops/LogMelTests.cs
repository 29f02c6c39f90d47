using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.LogMel;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Ops;

public sealed class LogMelTests
{
    static readonly LogMelSettings Settings = LogMelSettings.Default;

    [Fact]
    public void A_clip_in_a_padded_batch_has_the_bits_it_has_alone()
    {
        using var scope = TensorScope.Begin();
        int[] lengths = [513, 20_160, 9_999, 20_480];
        var random = new Random(3);
        float[] batch = [.. Enumerable.Range(0, 4 * 20_480).Select(_ => random.NextSingle() - 0.5f)];
        float[] together = Op.LogMel(Tensor.From(batch, [4, 20_480], CpuDevice.Shared), Settings,
            Tensor.From(lengths, [4], CpuDevice.Shared)).ToArray<float>();
        for (int clip = 0; clip < 4; clip++)
        {
            float[] alone = Op.LogMel(Tensor.From(batch.AsSpan(clip * 20_480, lengths[clip]), [1, lengths[clip]], CpuDevice.Shared),
                Settings).ToArray<float>();
            var row = together.AsSpan(clip * 65 * 64, 65 * 64);
            Assert.Equal(alone, row[..alone.Length].ToArray());
            Assert.Equal(-1, row[alone.Length..].IndexOfAnyExcept(0f));
        }
    }

    /// <summary>
    /// Full-scale tones, one beyond the last filter, leave other bins 110 to 140 dB below them. Those bins hold what rounding to 16 bits
    /// left, which a transform in float32 drowns by tenths of a dB; float32 features differ from the formula in float64 by their own
    /// rounding alone, half a unit of 7.6e-6 dB and the error of a logarithm.
    /// </summary>
    [Theory]
    [InlineData(440)]
    [InlineData(5000.3)]
    [InlineData(15_700)]
    public void Bins_far_below_a_loud_tone_are_exact(double hz)
    {
        using var scope = TensorScope.Begin();
        double[] tone = [.. Enumerable.Range(0, 32_000).Select(i => Math.Round(32_000 * Math.Sin(2 * Math.PI * hz * i / 32_000)) / 32_768)];
        double[] expected = Op.LogMel(Tensor.From(tone, [1, tone.Length], CpuDevice.Shared), Settings).ToArray<double>();
        float[] single = [.. tone.Select(value => (float)value)];
        float[] actual = Op.LogMel(Tensor.From(single, [1, tone.Length], CpuDevice.Shared), Settings).ToArray<float>();
        Assert.True(expected.Min() < -60, $"least {expected.Min()} dB");
        for (int i = 0; i < actual.Length; i++)
            if (!(Math.Abs(actual[i] - expected[i]) <= 2e-5))
                Assert.Fail($"frame {i / 64}, bin {i % 64}: {actual[i]} dB for {expected[i]}");
    }

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    public void Both_vector_widths_give_the_same_bits(int window)
    {
        Assert.SkipUnless(Avx512F.IsSupported, "this processor has no AVX-512");
        var settings = Settings with { WindowSamples = window, HopSamples = window / 3, MelBins = 9 };
        var random = new Random(window);
        float[] waveform = [.. Enumerable.Range(0, 7 * window).Select(_ => random.NextSingle() - 0.5f)];
        float[] wide = new float[settings.FramesOf(waveform.Length) * 9], narrow = new float[wide.Length];
        LogMelKernel.For(settings).Run<Doubles512>(waveform, 0, wide);
        LogMelKernel.For(settings).Run<Doubles256>(waveform, 0, narrow);
        Assert.Equal(wide, narrow);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(512)]
    public void A_clip_too_short_to_reflect_is_refused(int samples)
    {
        using var scope = TensorScope.Begin();
        string message = Assert.Throws<ShapeException>(() => Op.LogMel(Tensor.Zeros([1, samples], CpuDevice.Shared), Settings)).Message;
        Assert.Contains("at least 513", message, StringComparison.Ordinal);
        Assert.Contains("lengths[0]", Assert.Throws<ShapeException>(() =>
            Op.LogMel(Tensor.Zeros([1, 600], CpuDevice.Shared), Settings, Tensor.From([samples], [1], CpuDevice.Shared))).Message,
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000, 320, 64, 50, 14000, 1e-10)]
    [InlineData(8, 4, 64, 50, 14000, 1e-10)]
    [InlineData(1024, 0, 64, 50, 14000, 1e-10)]
    [InlineData(1024, 1025, 64, 50, 14000, 1e-10)]
    [InlineData(1024, 320, 0, 50, 14000, 1e-10)]
    [InlineData(1024, 320, 64, -1, 14000, 1e-10)]
    [InlineData(1024, 320, 64, 50, 16001, 1e-10)]
    [InlineData(1024, 320, 64, 50, 50, 1e-10)]
    [InlineData(1024, 320, 64, 50, 14000, 0)]
    [InlineData(1024, 320, 64, 50, 14000, double.NaN)]
    public void Settings_out_of_range_are_refused(int window, int hop, int bins, double minHz, double maxHz, double floor)
    {
        LogMelSettings settings =
            new() { WindowSamples = window, HopSamples = hop, MelBins = bins, MinHz = minHz, MaxHz = maxHz, Floor = floor };
        Assert.StartsWith("log-mel: ", Assert.Throws<OptionException>(settings.Validate).Message, StringComparison.Ordinal);
    }
}
