using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Ops;

/// <summary>The end of a block in one operation: bit for bit that in three, so that no run or seed of before gives other numbers.</summary>
public class BatchNormPool2dTests
{
    [Theory]
    [InlineData(1, 0.3, true), InlineData(2, 0.0, false), InlineData(2, 0.3, true), InlineData(2, 0.0, true), InlineData(3, 0.3, false)]
    public void Equals_its_three_operations_bit_for_bit(int window, double dropout, bool lengths)
    {
        float[][] separate = Results((x, weight, bias, mean, variance, options, own) =>
        {
            var y = Op.AvgPool2d(Op.BatchNorm(x, weight, bias, mean, variance, options, own), window, window);
            if (own is not null && window > 1)
                y = Op.MaskFrames(y, Tensor.From([.. own.ToArray<int>().Select(frames => frames / window)], own.Shape, own.Device));
            return Op.Dropout(y, dropout, new Philox(7, 3));
        }, lengths);
        float[][] fused = Results((x, weight, bias, mean, variance, options, own) =>
            Op.BatchNormPool2d(x, weight, bias, mean, variance, options, new(window, dropout, new Philox(7, 3)), own), lengths);
        Assert.Equal(separate, fused);
        Assert.Contains(fused[0], value => value > 0);
    }

    [Fact]
    public void Refuses_mel_bins_a_window_of_nothing_and_a_probability_of_one()
    {
        var x = Tensor.Zeros([1, 1, 4, 4], CpuDevice.Shared);
        var c = Tensor.Zeros([1], CpuDevice.Shared);
        Assert.Contains("axis must be 1", Assert.Throws<ShapeException>(() => Run(new(true, Axis: 3), new(2))).Message);
        Assert.Contains("at least 1 x 1", Assert.Throws<ShapeException>(() => Run(new(true), new(0))).Message);
        Assert.Contains("BatchNormPool2d: the probability", Assert.Throws<OptionException>(() => Run(new(true), new(2, 1))).Message);

        Tensor Run(BatchNormOptions options, PoolingOptions pooling) => Op.BatchNormPool2d(x, c, c, c, c, options, pooling);
    }

    /// <summary>y, the gradients of x, γ and β, and both running statistics.</summary>
    static float[][] Results(Func<Tensor, Tensor, Tensor, Tensor, Tensor, BatchNormOptions, Tensor?, Tensor> run, bool lengths)
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var device = CpuDevice.Shared;
        Tensor x = Normal(1, 3, 19, 15, 11), weight = Normal(2, 19), bias = Normal(3, 19);
        Tensor mean = Tensor.Zeros([19], device), variance = Op.Full([19], 1, device);
        x.RequiresGradient = weight.RequiresGradient = bias.RequiresGradient = true;
        var own = lengths ? Tensor.From([15, 7, 1], [3], device) : null;
        var y = run(Op.ToLayout(x, device.FeatureMaps), weight, bias, mean, variance, new(Training: true, Relu: true), own);
        tape.Backward(y, Op.ToLayout(Normal(4, y.Shape.Sizes.ToArray()), y.Layout));
        return [Op.ToLayout(y, Layout.Contiguous).ToArray<float>(), .. new[] { x.Gradient!, weight.Gradient!, bias.Gradient!, mean, variance }
            .Select(tensor => tensor.ToArray<float>())];
    }

    static Tensor Normal(ulong stream, params int[] shape)
    {
        var random = new PhiloxSequence(new Philox(29, stream));
        return Tensor.From([.. Enumerable.Range(0, (int)((Shape)shape).Count).Select(_ => (float)random.NextNormal())], shape,
            CpuDevice.Shared);
    }
}
