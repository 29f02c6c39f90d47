using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Relu(Tensor x, Tensor y) =>
        LaunchOver(x.StoredCount, "relu", Stored(x, "relu_forward_f32", "relu_forward_bf16"),
            Activations(x), Activations(y), x.StoredCount);

    public void ReluBackward(Tensor dy, Tensor y, Tensor dx) =>
        LaunchOver(y.StoredCount, "relu", Stored(y, "relu_backward_f32", "relu_backward_bf16"),
            Activations(dy), Activations(y), Activations(dx), y.StoredCount);
}
