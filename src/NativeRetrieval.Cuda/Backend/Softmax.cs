using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Softmax(Tensor x, Tensor y)
    {
        int threads = RowThreads(x.Shape[^1]);
        Launch("softmax", "softmax_forward_f32", RowsOf(x), threads, WarpSums(threads), F32(x), F32(y), x.Shape[^1]);
    }

    public void SoftmaxBackward(Tensor dy, Tensor y, Tensor dx)
    {
        int threads = RowThreads(y.Shape[^1]);
        Launch("softmax", "softmax_backward_f32", RowsOf(y), threads, WarpSums(threads), F32(dy), F32(y), F32(dx), y.Shape[^1]);
    }
}
