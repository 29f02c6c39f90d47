using NativeRetrieval.Core.Tensors;
namespace NativeRetrieval.Cuda.Backend;
internal sealed partial class CudaBackend
{
    public void TopK(Tensor scores, Tensor values, Tensor indices) => throw new NotSupportedException();
}
