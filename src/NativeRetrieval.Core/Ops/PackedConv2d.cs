using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = (x ∗ weight) · scale + shift</c>, then max(·, 0) where <paramref name="relu"/> is set: <see cref="Conv2d"/> for inference.</summary>
    /// <param name="x">[N, I, H, W], float32, in the device's layout of feature maps; contiguous where I = 1.</param>
    /// <returns>[N, O, H, W], in the device's layout of feature maps.</returns>
    /// <exception cref="NativeRetrievalException">A tape follows x: this op has no gradient.</exception>
    public static Tensor PackedConv2d(Tensor x, PackedConvolution convolution, bool relu)
    {
        Shape.ExpectRank(x, 4, "[N, I, H, W]");
        Expect.Alike(x, convolution.Bias);
        Shape.Expect(x, [x.Shape[0], convolution.WeightShape[1], x.Shape[2], x.Shape[3]], "the packed kernels take this many channels");
        if (x.Shape[3] != convolution.Width)
            throw new ShapeException($"PackedConv2d: the kernels were packed for maps {convolution.Width} wide, got {x.Shape}; pack them for this width");
        var layout = x.Shape[1] == 1 ? Layout.Contiguous : x.Device.FeatureMaps;
        if (x.Layout != layout) throw new ShapeException($"PackedConv2d: x must be {layout}, got {x.Describe()}; convert it by Op.ToLayout");
        if (Tape.Follows(x)) throw new NativeRetrievalException("PackedConv2d has no gradient; use Conv2d and BatchNorm where a tape records");
        var y = Tensor.Empty([x.Shape[0], convolution.WeightShape[0], x.Shape[2], x.Shape[3]], x.Device, x.DType, x.Device.FeatureMaps);
        x.Backend.PackedConv2d(x, convolution, relu, y);
        return y;
    }
}

internal partial interface IBackend
{
    /// <summary>Kernels times scale, in whatever order <see cref="PackedConv2d"/> reads them for maps of that width.</summary>
    Tensor PackConvolution(Tensor weight, Tensor scale, int width);

    void PackedConv2d(Tensor x, PackedConvolution convolution, bool relu, Tensor y);
}
