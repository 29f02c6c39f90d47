using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>Mean over windows of height × width without overlap; a rest smaller than a window is left out.</summary>
    /// <param name="x">[N, C, H, W], any layout, float32, float64 or bfloat16.</param>
    /// <param name="lengths">
    /// int32 [N]: frames (axis 2) of each clip that are not padding. The result is 0 in windows that reach beyond them, whatever lies there.
    /// Null: all.
    /// </param>
    /// <returns>[N, C, ⌊H/height⌋, ⌊W/width⌋]; <paramref name="x"/> itself for 1 × 1 without lengths.</returns>
    public static Tensor AvgPool2d(Tensor x, int height, int width, Tensor? lengths = null)
    {
        if ((height, width) == (1, 1)) return lengths is null ? x : MaskFrames(x, lengths);
        Expect.Pooling(x, height, width);
        if (lengths is not null) Expect.Lengths(lengths, x.Shape[0], x);
        var y = Tensor.Empty(Pooled(x.Shape, height, width), x.Device, x.DType, x.Layout);
        x.Backend.AvgPool2d(x, height, width, lengths, y);
        return Tape.Record(y, [x], lengths is null ? [] : [lengths], (x.Shape, height, width), static ctx =>
        {
            var (shape, height, width) = ctx.State<(Shape, int, int)>();
            var dy = ctx.OutputGradient;
            var dx = Tensor.Empty(shape, dy.Device, dy.DType, dy.Layout);
            dx.Backend.AvgPool2dBackward(dy, height, width, ctx.Saved.Length > 0 ? ctx.Saved[0] : null, dx);
            return [dx];
        });
    }

    /// <summary>The shape of feature maps after pooling over windows of height × width.</summary>
    static Shape Pooled(Shape maps, int height, int width) => [maps[0], maps[1], maps[2] / height, maps[3] / width];
}

internal partial interface IBackend
{
    void AvgPool2d(Tensor x, int height, int width, Tensor? lengths, Tensor y);

    void AvgPool2dBackward(Tensor dy, int height, int width, Tensor? lengths, Tensor dx);
}
