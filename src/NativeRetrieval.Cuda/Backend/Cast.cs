using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Cast(Tensor x, Tensor y) =>
        LaunchOver(x.StoredCount, "cast", y.DType == DType.BFloat16 ? "cast_to_bf16" : "cast_to_f32", x.Address, y.Address, x.StoredCount);
}
