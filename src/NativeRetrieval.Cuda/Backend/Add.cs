using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Add(Tensor a, Tensor b, double scale, Tensor y) =>
        LaunchOver(a.StoredCount, "add", Stored(a, "add_forward_f32", "add_forward_bf16"),
            Activations(a), Activations(b), (float)scale, Activations(y), a.StoredCount);
}
