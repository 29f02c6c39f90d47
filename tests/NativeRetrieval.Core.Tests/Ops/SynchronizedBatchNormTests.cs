using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Distributed;

namespace NativeRetrieval.Core.Tests.Ops;

public sealed class SynchronizedBatchNormTests
{
    const int Clips = 5, Channels = 18, Frames = 7, Width = 3;

    static readonly int[] _lengths = [7, 2, 5, 7, 1];

    /// <summary>Ranks of one, two and two clips against one with all: y, dx, dγ, dβ and the running statistics.</summary>
    [Theory]
    [InlineData(Layout.Contiguous)]
    [InlineData(Layout.NCHW16c)]
    public void Parts_of_a_batch_are_normalised_as_the_whole(Layout layout)
    {
        var whole = Run(layout, 0, Clips, null);
        var ranks = LocalGroup.Run(3, group => Run(layout, 5 * group.Rank / 3, 5 * (group.Rank + 1) / 3, group));
        Golden.Check(Wide(whole.Y), [.. ranks.SelectMany(rank => rank.Y)], 1e-5, "y");
        Golden.Check(Wide(whole.Dx), [.. ranks.SelectMany(rank => rank.Dx)], 1e-5, "dx");
        for (int c = 0; c < Channels; c++)
        {
            Assert.Equal(whole.DWeight[c], ranks.Sum(rank => rank.DWeight[c]), 1e-4);
            Assert.Equal(whole.DBias[c], ranks.Sum(rank => rank.DBias[c]), 1e-4);
        }
        Assert.All(ranks, rank => Assert.Equal(ranks[0].Running, rank.Running));
        Golden.Check(Wide(whole.Running), ranks[0].Running, 1e-6, "running statistics");
    }

    static Result Run(Layout layout, int start, int end, LocalGroup? group)
    {
        using var scope = TensorScope.Begin();
        var random = new PhiloxSequence(new Philox(3));
        const int PerClip = Channels * Frames * Width;
        float[] all = Draw(Clips * PerClip, 2, 3), weights = Draw(Channels, 0.5, 1), biases = Draw(Channels, 1, 0),
            gradients = Draw(Clips * PerClip, 1, 0);
        var x = Part(all);
        var weight = Tensor.From(weights, [Channels], CpuDevice.Shared);
        var bias = Tensor.From(biases, [Channels], CpuDevice.Shared);
        x.RequiresGradient = weight.RequiresGradient = bias.RequiresGradient = true;
        var (mean, variance) = (Tensor.Zeros([Channels], CpuDevice.Shared), Op.Full([Channels], 1, CpuDevice.Shared, DType.Float32));
        var lengths = Tensor.From(_lengths[start..end], [end - start], CpuDevice.Shared);
        using var tape = Tape.Begin();
        var options = new BatchNormOptions(Training: true, Relu: true);
        var y = group is null ? Op.BatchNorm(x, weight, bias, mean, variance, options, lengths)
            : Op.SynchronizedBatchNorm(x, weight, bias, mean, variance, options, group, lengths);
        tape.Backward(y, Part(gradients));
        return new(y.ToArray<float>(), x.Gradient!.ToArray<float>(), weight.Gradient!.ToArray<float>(), bias.Gradient!.ToArray<float>(),
            [.. mean.ToArray<float>(), .. variance.ToArray<float>()]);

        float[] Draw(int count, double scale, double centre) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)(scale * random.NextNormal() + centre))];

        Tensor Part(float[] values)
        {
            var part = Tensor.From(values[(start * PerClip)..(end * PerClip)], [end - start, Channels, Frames, Width], CpuDevice.Shared);
            return layout == Layout.Contiguous ? part : Op.ToLayout(part, layout);
        }
    }

    static double[] Wide(float[] values) => Array.ConvertAll(values, value => (double)value);

    sealed record Result(float[] Y, float[] Dx, float[] DWeight, float[] DBias, float[] Running);
}
