using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Cast(Tensor x, Tensor y) =>
        LaunchOver(x.StoredCount, "cast", y.DType == DType.BFloat16 ? "cast_to_bf16" : "cast_to_f32", x.Address, y.Address, x.StoredCount);

    /// <summary>float32 values as bfloat16 at an address.</summary>
    void Narrow(Tensor x, nint target) => LaunchOver(x.StoredCount, "cast", "cast_to_bf16", F32(x), target, x.StoredCount);
}
