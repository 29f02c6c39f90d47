using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

/// <remarks>The two operations one after the other; the convolution's result is kept between the passes.</remarks>
internal sealed partial class CpuBackend
{
    public Tensor Conv2dBatchNorm(Tensor x, Tensor kernels, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        Tensor? lengths, BatchNormOptions options, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var convolved = Tensor.EmptyLike(y);
        Conv2d(x, kernels, convolved);
        BatchNorm(convolved, weight, bias, runningMean, runningVariance, lengths, options, y, mean, inverseDeviation);
        return convolved;
    }

    public void Conv2dBatchNormBackward(Tensor dy, Tensor x, Tensor kernels, Tensor weight, Tensor bias, Tensor mean,
        Tensor inverseDeviation, Tensor kept, Tensor? lengths, BatchNormOptions options, Tensor? dx, Tensor? dKernels, Tensor dWeight,
        Tensor dBias)
    {
        using var convolved = Tensor.EmptyLike(kept);
        BatchNormBackward(dy, kept, weight, bias, mean, inverseDeviation, lengths, options, convolved, dWeight, dBias);
        if (dx is not null) Conv2dInputGradient(convolved, kernels, dx);
        if (dKernels is not null) Conv2dFilterGradient(convolved, x, dKernels);
    }
}
