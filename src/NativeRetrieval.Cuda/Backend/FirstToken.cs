using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void FirstToken(Tensor x, Tensor y) =>
        LaunchOver(y.Count, "first_token", "first_token_forward_f32", F32(x), F32(y), y.Count, x.Shape[1], x.Shape[2]);

    public void FirstTokenBackward(Tensor dy, Tensor dx) =>
        LaunchOver(dx.Count, "first_token", "first_token_backward_f32", F32(dy), F32(dx), dx.Count, dx.Shape[1], dx.Shape[2]);
}
