using NativeRetrieval.Core.Cpu.FeatureMaps;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

/// <remarks>
/// Blocked maps are pooled as they are normalised, and gradients spread over their windows as they are read: bit for bit the three
/// operations one after the other, which the plain maps of the reference are given to.
/// </remarks>
internal sealed partial class CpuBackend
{
    public void BatchNormPool2d(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, PoolingOptions pooling, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        if (x.Layout == Layout.NCHW16c)
        {
            var map = new FrameMap(x, lengths);
            Statistics(x, runningMean, runningVariance, map, options, mean, inverseDeviation);
            BatchNormBlocked.ApplyPooled(x, weight, bias, mean, inverseDeviation, map, options.Relu, pooling.Window, y);
        }
        else
        {
            using var normalised = Tensor.EmptyLike(x);
            BatchNorm(x, weight, bias, runningMean, runningVariance, lengths, options, normalised, mean, inverseDeviation);
            AvgPool2d(normalised, pooling.Window, pooling.Window, lengths, y);
        }
        if (pooling.Dropout > 0) Dropout(y, pooling.Dropout, pooling.Stream, y);
    }

    public void BatchNormPool2dBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, PoolingOptions pooling, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var map = new FrameMap(x, lengths);
        using var kept = pooling.Dropout > 0 ? Tensor.EmptyLike(dy) : dy.Share();
        if (pooling.Dropout > 0) Dropout(dy, pooling.Dropout, pooling.Stream, kept);
        if (x.Layout == Layout.NCHW16c)
        {
            BatchNormBlocked.Backward(kept, x, weight, bias, mean, inverseDeviation, map, options, pooling.Window, dx, dWeight, dBias);
            return;
        }
        using var spread = Tensor.EmptyLike(x);
        AvgPool2dBackward(kept, pooling.Window, pooling.Window, lengths, spread);
        BatchNormBackward(spread, x, weight, bias, mean, inverseDeviation, lengths, options, dx, dWeight, dBias);
    }
}
