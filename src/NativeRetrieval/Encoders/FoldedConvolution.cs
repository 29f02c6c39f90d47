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
        var version = (width, convolution.Weight.Version, norm.Weight.Version, norm.Bias.Version, norm.RunningMean.Version,
            norm.RunningVariance.Version);
        lock (_lock)
        {
            if (_packed is not null && _version == version) return _packed;
            _packed?.Dispose();
            _packed = null;
            using var scope = TensorScope.Begin();
            var (scale, shift) = norm.Folded();
            _packed = new(convolution.Weight, scale, shift, width);
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
}
