using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>The same values in another memory layout; <paramref name="x"/> itself where it already has it.</summary>
    /// <param name="x">
    /// Feature maps [N, C, H, W], kernels [O, I, k, k] or, for <see cref="Layout.OIHW16o"/>, a linear layer's weight [O, I]; float32,
    /// float64 or bfloat16.
    /// </param>
    public static Tensor ToLayout(Tensor x, Layout layout)
    {
        if (x.Layout == layout) return x;
        Expect.Activation(x);
        if (x.Shape.Length != 2 || (layout != Layout.OIHW16o && x.Layout != Layout.OIHW16o)) Shape.ExpectRank(x, 4, "[N, C, H, W]");
        if ((layout != Layout.Contiguous && layout != x.Device.FeatureMaps && layout != x.Device.Filters)
            || (layout != Layout.Contiguous && x.Layout != Layout.Contiguous))
            throw new ShapeException($"ToLayout: on {x.Device} feature maps are {Layout.Contiguous} or {x.Device.FeatureMaps}, kernels "
                + $"{Layout.Contiguous} or {x.Device.Filters}; got {x.Layout} to {layout}");
        var y = Tensor.Empty(x.Shape, x.Device, x.DType, layout);
        x.Backend.ToLayout(x, y);
        return Tape.Record(y, [x], [], x.Layout, static ctx => [ToLayout(ctx.OutputGradient, ctx.State<Layout>())]);
    }
}

internal partial interface IBackend
{
    /// <summary>
    /// Copies x into y's layout; padded channels of y become 0. Both may lie in the same memory where y is <see cref="Layout.OIHW16o"/>
    /// without padded channels.
    /// </summary>
    void ToLayout(Tensor x, Tensor y);
}
