using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>
/// A convolution with its batch norm folded in, packed for inference at first use and again after a tensor behind it has changed.
/// Training lets go of it: the weights change in every step.
/// </summary>
internal sealed class FoldedConvolution
{
    readonly Lock _lock = new();
    PackedConvolution? _packed;
    (int Width, int Weight, int Scale, int Shift, int Mean, int Variance) _version;

    public PackedConvolution Of(Conv2d convolution, BatchNorm norm, int width)
    {
        var version = (width, convolution.Weight.Version, norm.Weight.Version, norm.Bias.Version, norm.RunningMean.Version, norm.RunningVariance.Version);
        lock (_lock)
        {
            if (_packed is not null && _version == version) return _packed;
            _packed?.Dispose();
            _packed = null;
            _packed = Fold(convolution, norm, width);
            _version = version;
            return _packed;
        }
    }

    public void Release()
    {
        lock (_lock)
        {
            _packed?.Dispose();
            _packed = null;
        }
    }

    /// <summary>scale = γ/√(σ² + ε), shift = β − μ·scale.</summary>
    static PackedConvolution Fold(Conv2d convolution, BatchNorm norm, int width)
    {
        using var scope = TensorScope.Begin();
        float[] gain = norm.Weight.ToArray<float>(), bias = norm.Bias.ToArray<float>();
        float[] mean = norm.RunningMean.ToArray<float>(), variance = norm.RunningVariance.ToArray<float>();
        double epsilon = new BatchNormOptions(Training: false).Epsilon;
        for (int c = 0; c < gain.Length; c++)
        {
            double scale = gain[c] / Math.Sqrt(variance[c] + epsilon);
            gain[c] = (float)scale;
            bias[c] = (float)(bias[c] - mean[c] * scale);
        }
        var device = convolution.Weight.Device;
        return new PackedConvolution(convolution.Weight, Tensor.From(gain, [gain.Length], device), Tensor.From(bias, [bias.Length], device), width);
    }
}
