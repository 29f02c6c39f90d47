using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Full(Tensor y, double value) => LaunchOver(y.StoredCount, "full", "full_forward_f32", (float)value, F32(y), y.StoredCount);
}
