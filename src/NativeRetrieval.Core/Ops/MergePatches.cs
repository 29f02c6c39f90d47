using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// Each 2 x 2 neighbours of a grid of tokens side by side (Swin, Liu et al. 2021):
    /// <c>y[n, h, w] = x[n, 2h, 2w] ‖ x[n, 2h + 1, 2w] ‖ x[n, 2h, 2w + 1] ‖ x[n, 2h + 1, 2w + 1]</c>.
    /// </summary>
    /// <param name="x">[N, H, W, C], float32, float64 or bfloat16, contiguous; H and W even.</param>
    /// <returns>[N, H/2, W/2, 4·C].</returns>
    /// <exception cref="ShapeException">H or W is odd.</exception>
    public static Tensor MergePatches(Tensor x)
    {
        Expect.Activation(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 4, "[N, H, W, C]");
        if (x.Shape[1] % 2 != 0 || x.Shape[2] % 2 != 0)
            throw new ShapeException($"MergePatches: height and width must be even, got {x.Shape}");
        var y = Tensor.Empty([x.Shape[0], x.Shape[1] / 2, x.Shape[2] / 2, 4 * x.Shape[3]], x.Device, x.DType);
        x.Backend.MergePatches(x, y);
        return Tape.Record(y, [x], [], x.Shape, static ctx =>
        {
            var dx = Tensor.Empty(ctx.State<Shape>(), ctx.OutputGradient.Device, ctx.OutputGradient.DType);
            dx.Backend.MergePatchesBackward(ctx.OutputGradient, dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void MergePatches(Tensor x, Tensor y);

    /// <summary>The inverse permutation.</summary>
    void MergePatchesBackward(Tensor dy, Tensor dx);
}
