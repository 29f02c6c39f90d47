using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void AddRelu(Tensor a, Tensor b, Tensor y) =>
        LaunchOver(a.StoredCount, "add_relu", Stored(a, "add_relu_forward_f32", "add_relu_forward_bf16"),
            Activations(a), Activations(b), Activations(y), a.StoredCount);
}
