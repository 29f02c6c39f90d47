using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>Mean over windows of height × width without overlap; a rest smaller than a window is left out.</summary>
    /// <param name="x">[N, C, H, W], any layout, float32 or float64.</param>
    /// <returns>[N, C, ⌊H/height⌋, ⌊W/width⌋]; <paramref name="x"/> itself for 1 × 1.</returns>
    public static Tensor AvgPool2d(Tensor x, int height, int width)
    {
        if ((height, width) == (1, 1)) return x;
        Expect.Pooling(x, height, width);
        var y = Tensor.Empty(Pooled(x.Shape, height, width), x.Device, x.DType, x.Layout);
        x.Backend.AvgPool2d(x, height, width, y);
        return Tape.Record(y, [x], [], (x.Shape, height, width), static ctx =>
        {
            var (shape, height, width) = ctx.State<(Shape, int, int)>();
            var dy = ctx.OutputGradient;
            var dx = Tensor.Empty(shape, dy.Device, dy.DType, dy.Layout);
            dx.Backend.AvgPool2dBackward(dy, height, width, dx);
            return [dx];
        });
    }

    /// <summary>The shape of feature maps after pooling over windows of height × width.</summary>
    static Shape Pooled(Shape maps, int height, int width) => [maps[0], maps[1], maps[2] / height, maps[3] / width];
}

internal partial interface IBackend
{
    void AvgPool2d(Tensor x, int height, int width, Tensor y);

    void AvgPool2dBackward(Tensor dy, int height, int width, Tensor dx);
}
