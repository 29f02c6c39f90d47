using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

/// <remarks>The three operations one after the other; what lies between them lives for the call.</remarks>
internal sealed partial class CpuBackend
{
    public void BatchNormPool2d(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, PoolingOptions pooling, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var (window, dropout, stream) = pooling;
        if (window == 1)
        {
            BatchNorm(x, weight, bias, runningMean, runningVariance, lengths, options, y, mean, inverseDeviation);
        }
        else
        {
            using var normalised = Tensor.EmptyLike(x);
            BatchNorm(x, weight, bias, runningMean, runningVariance, lengths, options, normalised, mean, inverseDeviation);
            AvgPool2d(normalised, window, window, lengths, y);
        }
        if (dropout > 0) Dropout(y, dropout, stream, y);
    }

    public void BatchNormPool2dBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, PoolingOptions pooling, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var (window, dropout, stream) = pooling;
        using var kept = dropout > 0 ? Tensor.EmptyLike(dy) : dy.Share();
        if (dropout > 0) Dropout(dy, dropout, stream, kept);
        using var spread = window > 1 ? Tensor.EmptyLike(x) : kept.Share();
        if (window > 1) AvgPool2dBackward(kept, window, window, lengths, spread);
        BatchNormBackward(spread, x, weight, bias, mean, inverseDeviation, lengths, options, dx, dWeight, dBias);
    }
}
