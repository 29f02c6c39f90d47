using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Dot(Tensor a, Tensor b, Tensor y) => Total(F32(a), F32(b), a.StoredCount, F32(y));
}
