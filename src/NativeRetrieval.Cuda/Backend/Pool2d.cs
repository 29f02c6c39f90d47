using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void AvgPool2d(Tensor x, int height, int width, Tensor y)
    {
        var map = PooledMap.Of(x);
        Launch("pool2d", "pool2d_average_f32", checked(map.Outer * (map.Height / height)), Block, 0, F32(x), F32(y), map.Height, map.Width, map.Inner, height, width);
    }

    public void AvgPool2dBackward(Tensor dy, int height, int width, Tensor dx)
    {
        var map = PooledMap.Of(dx);
        Launch("pool2d", "pool2d_average_backward_f32", map.Lines, Block, 0, F32(dy), F32(dx), map.Height, map.Width, map.Inner, height, width);
    }

    public void MaxPool2d(Tensor x, int height, int width, Tensor y)
    {
        var map = PooledMap.Of(x);
        Launch("pool2d", "pool2d_maximum_f32", checked(map.Outer * (map.Height / height)), Block, 0, F32(x), F32(y), map.Height, map.Width, map.Inner, height, width);
    }

    public void MaxPool2dBackward(Tensor dy, Tensor x, int height, int width, Tensor dx)
    {
        var map = PooledMap.Of(x);
        Launch("pool2d", "pool2d_maximum_backward_f32", map.Lines, Block, 0, F32(dy), F32(x), F32(dx), map.Height, map.Width, map.Inner, height, width);
    }

    /// <summary>A feature map as [outer, height, width, inner]: what neighbours a pixel is inside, what repeats the plane outside.</summary>
    readonly record struct PooledMap(int Outer, int Height, int Width, int Inner)
    {
        public int Lines => checked(Outer * Height);

        public static PooledMap Of(Tensor x) => x.Layout == Layout.NHWC
            ? new(x.Shape[0], x.Shape[2], x.Shape[3], x.Shape[1])
            : new(checked(x.Shape[0] * x.Shape[1]), x.Shape[2], x.Shape[3], 1);
    }
}
