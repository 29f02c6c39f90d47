using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.FeatureMaps;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void AvgPool2d(Tensor x, int height, int width, Tensor y)
    {
        var map = PooledMap.Of(x);
        Launch("avg_pool2d", "avg_pool2d_forward_f32", checked(map.Outer * (map.Height / height)), Block, 0,
            F32(x), F32(y), map.Height, map.Width, map.Inner, height, width);
    }

    public void AvgPool2dBackward(Tensor dy, int height, int width, Tensor dx)
    {
        var map = PooledMap.Of(dx);
        Launch("avg_pool2d", "avg_pool2d_backward_f32", map.Lines, Block, 0,
            F32(dy), F32(dx), map.Height, map.Width, map.Inner, height, width);
    }
}
