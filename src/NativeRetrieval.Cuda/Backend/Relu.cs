using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Relu(Tensor x, Tensor y) => LaunchOver(x.StoredCount, "relu", "relu_forward_f32", F32(x), F32(y), x.StoredCount);

    public void ReluBackward(Tensor dy, Tensor y, Tensor dx) =>
        LaunchOver(y.StoredCount, "relu", "relu_backward_f32", F32(dy), F32(y), F32(dx), y.StoredCount);
}
