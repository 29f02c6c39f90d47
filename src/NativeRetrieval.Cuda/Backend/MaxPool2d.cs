using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.FeatureMaps;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MaxPool2d(Tensor x, int height, int width, Tensor y)
    {
        var map = PooledMap.Of(x);
        Launch("max_pool2d", "max_pool2d_forward_f32", checked(map.Outer * (map.Height / height)), Block, 0,
            F32(x), F32(y), map.Height, map.Width, map.Inner, height, width);
    }

    public void MaxPool2dBackward(Tensor dy, Tensor x, int height, int width, Tensor dx)
    {
        var map = PooledMap.Of(x);
        Launch("max_pool2d", "max_pool2d_backward_f32", map.Lines, Block, 0,
            F32(dy), F32(x), F32(dx), map.Height, map.Width, map.Inner, height, width);
    }
}
