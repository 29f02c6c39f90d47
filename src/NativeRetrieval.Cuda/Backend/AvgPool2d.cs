using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.FeatureMaps;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void AvgPool2d(Tensor x, int height, int width, Tensor? lengths, Tensor y)
    {
        var map = PooledMap.Of(x, y);
        Launch("avg_pool2d", Stored(x, "avg_pool2d_forward_f32", "avg_pool2d_forward_bf16"),
            Stride(map.Windows(height, width), map.Groups), Block, 0,
            Activations(x), IntsOrNull(lengths), Activations(y), map.Outer, map.Planes, map.Height, map.Width, map.Inner, height, width,
            map.Packed);
    }

    public void AvgPool2dBackward(Tensor dy, int height, int width, Tensor? lengths, Tensor dx)
    {
        var map = PooledMap.Of(dx, dy);
        Launch("avg_pool2d", Stored(dx, "avg_pool2d_backward_f32", "avg_pool2d_backward_bf16"), Stride(map.Pixels, map.Groups), Block, 0,
            Activations(dy), IntsOrNull(lengths), Activations(dx), map.Outer, map.Planes, map.Height, map.Width, map.Inner, height, width,
            map.Packed);
    }
}
