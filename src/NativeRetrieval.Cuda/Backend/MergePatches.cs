using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MergePatches(Tensor x, Tensor y) =>
        LaunchOver(y.Count, "merge_patches", "merge_patches_forward_f32", F32(x), F32(y), y.Count, x.Shape[2], x.Shape[3]);

    public void MergePatchesBackward(Tensor dy, Tensor dx) =>
        LaunchOver(dx.Count, "merge_patches", "merge_patches_backward_f32", F32(dy), F32(dx), dx.Count, dx.Shape[2], dx.Shape[3]);
}
