using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Scale(Tensor x, double factor, Tensor y) =>
        LaunchOver(x.StoredCount, "scale", Stored(x, "scale_forward_f32", "scale_forward_bf16"),
            Activations(x), (nint)0, (float)factor, Activations(y), x.StoredCount);

    public void ScaleBy(Tensor x, Tensor factor, Tensor y) =>
        LaunchOver(x.StoredCount, "scale", "scale_forward_f32", F32(x), F32(factor), 1f, F32(y), x.StoredCount);
}
