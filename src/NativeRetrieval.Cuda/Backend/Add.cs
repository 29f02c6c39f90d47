using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Add(Tensor a, Tensor b, double scale, Tensor y) =>
        LaunchOver(a.StoredCount, "add", "add_forward_f32", F32(a), F32(b), (float)scale, F32(y), a.StoredCount);
}
