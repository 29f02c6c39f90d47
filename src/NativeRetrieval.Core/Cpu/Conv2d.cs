using NativeRetrieval.Core.Cpu.Convolution;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Conv2d(Tensor x, Tensor weight, Tensor y)
    {
        var shape = ConvShapeOf(x, weight);
        if (x.DType == DType.Float64)
        {
            ReferenceConv.Forward(shape, x.Pointer<double>(), weight.Pointer<double>(), y.Pointer<double>());
            return;
        }
        RunOnce(shape, x, ConvWeights.Forward(weight.Pointer<float>()), y);
    }

    public void Conv2dInputGradient(Tensor dy, Tensor weight, Tensor dx)
    {
        var shape = ConvShapeOf(dx, weight);
        if (dx.DType == DType.Float64)
        {
            ReferenceConv.InputGradient(shape, dy.Pointer<double>(), weight.Pointer<double>(), dx.Pointer<double>());
            return;
        }
        if (shape.SingleInput)
        {
            ConvSingleInputGradient.Run(shape, dy.Pointer<float>(), weight.Pointer<float>(), dx.Pointer<float>());
            return;
        }
        RunOnce(shape.Transposed, dy, ConvWeights.Backward(weight.Pointer<float>()), dx);
    }

    static void RunOnce(ConvShape shape, Tensor x, ConvWeights weights, Tensor y)
    {
        var plan = ConvPlan.For(shape);
        using var work = Scratch(plan.RunOnceFloats(shape, weights), x);
        plan.RunOnce(shape, x.Pointer<float>(), weights, y.Pointer<float>(), work.Pointer<float>());
    }

    public void Conv2dFilterGradient(Tensor dy, Tensor x, Tensor dWeight)
    {
        var shape = ConvShapeOf(x, dWeight);
        if (x.DType == DType.Float64)
        {
            ReferenceConv.FilterGradient(shape, dy.Pointer<double>(), x.Pointer<double>(), dWeight.Pointer<double>());
            return;
        }
        var plan = ConvPlan.For(shape);
        using var work = Scratch(plan.FilterGradientFloats(shape), x);
        plan.FilterGradient(shape, x.Pointer<float>(), dy.Pointer<float>(), dWeight.Pointer<float>(), work.Pointer<float>());
    }

    static ConvShape ConvShapeOf(Tensor x, Tensor weight) =>
        new(x.Shape[0], x.Shape[1], weight.Shape[0], x.Shape[2], x.Shape[3], weight.Shape[2])
        {
            BlockedSingle = x.Layout == Layout.NCHW16c,
        };

    static Tensor Scratch(nint floats, Tensor like) => Tensor.Empty([checked((int)floats)], like.Device);
}
