using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Layers;

/// <summary>Batch normalisation with PyTorch's names, starting values and momentum.</summary>
public sealed class BatchNorm : Module
{
    readonly int _axis;
    readonly bool _relu;

    /// <param name="channels">Size of the normalised axis.</param>
    /// <param name="axis">1: channels of [N, C, H, W]; 3: mel bins of [N, 1, T, F].</param>
    /// <param name="relu">Follow with max(·, 0) in the same pass.</param>
    /// <param name="gain">Starting value of γ.</param>
    public BatchNorm(int channels, Device device, DType dtype, int axis = 1, bool relu = false, double gain = 1)
    {
        (_axis, _relu) = (axis, relu);
        Weight = Parameter("weight", Op.Full([channels], gain, device, dtype));
        Bias = Parameter("bias", Tensor.Zeros([channels], device, dtype));
        RunningMean = Buffer("running_mean", Tensor.Zeros([channels], device, dtype));
        RunningVariance = Buffer("running_var", Op.Full([channels], 1, device, dtype));
    }

    /// <summary>γ, [C].</summary>
    public Tensor Weight { get; }

    /// <summary>β, [C].</summary>
    public Tensor Bias { get; }

    public Tensor RunningMean { get; }

    public Tensor RunningVariance { get; }

    /// <param name="lengths">int32 [N], own frames of each clip; null: all.</param>
    /// <param name="pass">Null: running statistics, as frozen encoders use them.</param>
    public Tensor Forward(Tensor x, Tensor? lengths, TrainingPass? pass)
    {
        var options = new BatchNormOptions(Training: pass is { Statistics: not BatchStatistics.Running }, _axis, _relu);
        if (pass is { Statistics: BatchStatistics.OfBatchAgain }) options = options with { Momentum = 0 };
        return Op.BatchNorm(x, Weight, Bias, RunningMean, RunningVariance, options, lengths);
    }
}
