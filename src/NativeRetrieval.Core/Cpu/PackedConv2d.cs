using NativeRetrieval.Core.Cpu.Convolution;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public Tensor? PackedConv2dWeight(Tensor weight, Tensor scale, int width)
    {
        var shape = PackedShape(weight.Shape, 1, 1, width);
        var plan = ConvPlan.For(shape);
        var weights = ConvWeights.Forward(weight.Pointer<float>(), scale.Pointer<float>());
        if (plan.ReadsInPlace(shape, weights)) return null;
        var packed = Tensor.Empty([checked((int)plan.PackedFloats(shape))], weight.Device);
        plan.Pack(shape, weights, packed.Pointer<float>());
        return packed;
    }

    public void PackedConv2d(Tensor x, PackedConvolution convolution, bool relu, Tensor? summand, Tensor y)
    {
        var shape = PackedShape(convolution.WeightShape, x.Shape[0], x.Shape[2], x.Shape[3]);
        float* kernels = convolution.Weight.Pointer<float>();
        var weights = convolution.Scale is { } scale ? ConvWeights.Forward(kernels, scale.Pointer<float>()) : ConvWeights.Of(kernels);
        ConvPlan.For(shape).Run(
            shape, x.Pointer<float>(), weights, convolution.Bias.Pointer<float>(), relu && summand is null, y.Pointer<float>());
        if (summand is not null) AddRelu(y, summand, y);
    }

    static ConvShape PackedShape(Shape weight, int clips, int height, int width) =>
        new(clips, weight[1], weight[0], height, width, weight[2]);
}
