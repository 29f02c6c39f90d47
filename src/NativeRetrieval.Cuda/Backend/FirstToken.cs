using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void FirstToken(Tensor x, Tensor y) =>
        LaunchOver(y.Count, "first_token", Stored(x, "first_token_forward_f32", "first_token_forward_bf16"),
            Activations(x), F32(y), x.Shape[0], x.Shape[1], x.Shape[2]);

    public void FirstTokenBackward(Tensor dy, Tensor dx) =>
        LaunchOver(dx.Count, "first_token", Stored(dx, "first_token_backward_f32", "first_token_backward_bf16"),
            F32(dy), Activations(dx), dx.Shape[0], dx.Shape[1], dx.Shape[2]);
}
