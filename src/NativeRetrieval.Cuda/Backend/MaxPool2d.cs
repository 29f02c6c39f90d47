using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.FeatureMaps;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MaxPool2d(Tensor x, int height, int width, Tensor y)
    {
        var map = PooledMap.Of(x, y);
        Launch("max_pool2d", Stored(x, "max_pool2d_forward_f32", "max_pool2d_forward_bf16"),
            Stride(map.Windows(height, width), map.Groups), Block, 0,
            Activations(x), Activations(y), map.Outer, map.Height, map.Width, map.Inner, height, width, map.Packed);
    }

    public void MaxPool2dBackward(Tensor dy, Tensor x, int height, int width, Tensor dx)
    {
        var map = PooledMap.Of(x, dy, dx);
        Launch("max_pool2d", Stored(x, "max_pool2d_backward_f32", "max_pool2d_backward_bf16"),
            Stride(map.Windows(height, width, whole: false), map.Groups), Block, 0,
            Activations(dy), Activations(x), Activations(dx), map.Outer, map.Height, map.Width, map.Inner, height, width, map.Packed);
    }
}
