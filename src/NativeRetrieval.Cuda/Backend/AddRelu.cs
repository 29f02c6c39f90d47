using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void AddRelu(Tensor a, Tensor b, Tensor y) =>
        LaunchOver(a.StoredCount, "add_relu", "add_relu_forward_f32", F32(a), F32(b), F32(y), a.StoredCount);
}
