using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MoveTowards(Tensor target, Tensor goal, double share) =>
        LaunchOver(target.StoredCount, "move_towards", "move_towards_forward_f32", F32(target), F32(goal), (float)share,
            target.StoredCount);
}
