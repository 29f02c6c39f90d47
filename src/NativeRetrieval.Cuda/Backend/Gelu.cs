using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Gelu(Tensor x, Tensor y) => LaunchOver(x.Count, "gelu", "gelu_forward_f32", F32(x), F32(y), x.Count);

    public void GeluBackward(Tensor dy, Tensor x, Tensor dx) =>
        LaunchOver(x.Count, "gelu", "gelu_backward_f32", F32(dy), F32(x), F32(dx), x.Count);
}
