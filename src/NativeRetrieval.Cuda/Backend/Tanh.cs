using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Tanh(Tensor x, Tensor y) => LaunchOver(x.Count, "tanh", "tanh_forward_f32", F32(x), F32(y), x.Count);

    public void TanhBackward(Tensor dy, Tensor y, Tensor dx) =>
        LaunchOver(y.Count, "tanh", "tanh_backward_f32", F32(dy), F32(y), F32(dx), y.Count);
}
