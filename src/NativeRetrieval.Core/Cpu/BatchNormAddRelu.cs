using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void BatchNormAddRelu(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor residual, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        BatchNorm(x, weight, bias, runningMean, runningVariance, lengths, options, y, mean, inverseDeviation);
        AddRelu(y, residual, y);
    }

    public void BatchNormAddReluBackward(Tensor dy, Tensor y, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias, Tensor dResidual)
    {
        ReluBackward(dy, y, dResidual);
        BatchNormBackward(dResidual, x, weight, bias, mean, inverseDeviation, lengths, options, dx, dWeight, dBias);
    }
}
