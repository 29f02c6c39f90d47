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
