using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>Maximum over windows of height × width without overlap; a rest smaller than a window is left out.</summary>
    /// <param name="x">[N, C, H, W], any layout, float32, float64 or bfloat16.</param>
    /// <returns>[N, C, ⌊H/height⌋, ⌊W/width⌋]; <paramref name="x"/> itself for 1 × 1.</returns>
    public static Tensor MaxPool2d(Tensor x, int height, int width)
    {
        if ((height, width) == (1, 1)) return x;
        Expect.Pooling(x, height, width);
        var y = Tensor.Empty(Pooled(x.Shape, height, width), x.Device, x.DType, x.Layout);
        x.Backend.MaxPool2d(x, height, width, y);
        return Tape.Record(y, [x], [x], (height, width), static ctx =>
        {
            var (height, width) = ctx.State<(int, int)>();
            var dx = Tensor.EmptyLike(ctx.Saved[0]);
            dx.Backend.MaxPool2dBackward(ctx.OutputGradient, ctx.Saved[0], height, width, dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void MaxPool2d(Tensor x, int height, int width, Tensor y);

    /// <summary>The gradient goes to the first maximum of each window.</summary>
    void MaxPool2dBackward(Tensor dy, Tensor x, int height, int width, Tensor dx);
}
