using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Gelu(Tensor x, Tensor y) =>
        LaunchOver(x.Count, "gelu", Stored(x, "gelu_forward_f32", "gelu_forward_bf16"), Activations(x), Activations(y), x.Count);

    public void GeluBackward(Tensor dy, Tensor x, Tensor dx) =>
        LaunchOver(x.Count, "gelu", Stored(x, "gelu_backward_f32", "gelu_backward_bf16"),
            Activations(dy), Activations(x), Activations(dx), x.Count);
}
