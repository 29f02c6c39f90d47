using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Tanh(Tensor x, Tensor y) =>
        LaunchOver(x.Count, "tanh", Stored(x, "tanh_forward_f32", "tanh_forward_bf16"), Activations(x), Activations(y), x.Count);

    public void TanhBackward(Tensor dy, Tensor y, Tensor dx) =>
        LaunchOver(y.Count, "tanh", Stored(y, "tanh_backward_f32", "tanh_backward_bf16"),
            Activations(dy), Activations(y), Activations(dx), y.Count);
}
