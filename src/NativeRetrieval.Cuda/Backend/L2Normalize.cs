using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void L2Normalize(Tensor x, double epsilon, Tensor y)
    {
        int threads = RowThreads(x.Shape[^1]);
        Launch("l2_normalize", "l2_normalize_forward_f32", RowsOf(x), threads, WarpSums(threads),
            F32(x), F32(y), (float)epsilon, x.Shape[^1]);
    }

    public void L2NormalizeBackward(Tensor dy, Tensor x, double epsilon, Tensor dx)
    {
        int threads = RowThreads(x.Shape[^1]);
        Launch("l2_normalize", "l2_normalize_backward_f32", RowsOf(x), threads, WarpSums(threads),
            F32(dy), F32(x), F32(dx), (float)epsilon, x.Shape[^1]);
    }
}
