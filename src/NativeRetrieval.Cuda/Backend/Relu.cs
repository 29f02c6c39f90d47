using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Relu(Tensor x, Tensor y) => LaunchOver(x.StoredCount, "elementwise", "elementwise_relu_f32", F32(x), F32(y), x.StoredCount);

    public void ReluBackward(Tensor dy, Tensor y, Tensor dx) =>
        LaunchOver(y.StoredCount, "elementwise", "elementwise_relu_backward_f32", F32(dy), F32(y), F32(dx), y.StoredCount);
}
