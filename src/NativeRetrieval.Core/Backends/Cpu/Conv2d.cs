using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Backends.Cpu;

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
        var algorithm = ConvPlan.Choose(shape);
        using var packed = Scratch(ConvPlan.PackedFloats(shape, algorithm), x);
        ConvPlan.PackForward(shape, algorithm, weight.Pointer<float>(), null, packed.Pointer<float>());
        ConvPlan.Run(shape, algorithm, x.Pointer<float>(), packed.Pointer<float>(), null, relu: false, y.Pointer<float>());
    }

    public void Conv2dInputGradient(Tensor dy, Tensor weight, Tensor dx)
    {
        var shape = ConvShapeOf(dx, weight);
        if (dx.DType == DType.Float64)
        {
            ReferenceConv.InputGradient(shape, dy.Pointer<double>(), weight.Pointer<double>(), dx.Pointer<double>());
            return;
        }
        var transposed = shape.Transposed;
        var algorithm = ConvPlan.Choose(transposed);
        using var packed = Scratch(ConvPlan.PackedFloats(transposed, algorithm), dx);
        ConvPlan.PackBackward(shape, algorithm, weight.Pointer<float>(), packed.Pointer<float>());
        if (dx.Layout == Layout.NCHW16c)
        {
            ConvPlan.Run(transposed, algorithm, dy.Pointer<float>(), packed.Pointer<float>(), null, relu: false, dx.Pointer<float>());
            return;
        }
        using var blocked = Tensor.Empty(dx.Shape, dx.Device, dx.DType, Layout.NCHW16c);
        ConvPlan.Run(transposed, algorithm, dy.Pointer<float>(), packed.Pointer<float>(), null, relu: false, blocked.Pointer<float>());
        ToLayout(blocked, dx);
    }

    public void Conv2dFilterGradient(Tensor dy, Tensor x, Tensor dWeight)
    {
        var shape = ConvShapeOf(x, dWeight);
        if (x.DType == DType.Float64)
        {
            ReferenceConv.FilterGradient(shape, dy.Pointer<double>(), x.Pointer<double>(), dWeight.Pointer<double>());
            return;
        }
        using var packed = Scratch(shape.PackedFloats, x);
        var algorithm = ConvPlan.Choose(shape);
        using (var work = Scratch(ConvPlan.FilterGradientFloats(shape, algorithm), x))
            ConvPlan.FilterGradient(shape, algorithm, x.Pointer<float>(), dy.Pointer<float>(), packed.Pointer<float>(), work.Pointer<float>());
        ConvPack.Unpack(shape, packed.Pointer<float>(), dWeight.Pointer<float>());
    }

    static ConvShape ConvShapeOf(Tensor x, Tensor weight) =>
        new(x.Shape[0], x.Shape[1], weight.Shape[0], x.Shape[2], x.Shape[3], weight.Shape[2]);

    static Tensor Scratch(nint floats, Tensor like) => Tensor.Empty([checked((int)floats)], like.Device);
}
