using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MergePatches(Tensor x, Tensor y) =>
        Launch("merge_patches", Stored(x, "merge_patches_forward_f32", "merge_patches_forward_bf16"), Spread(y.Count, PackSize(x) * Block),
            Block, 0, Activations(x), Activations(y), y.Count, x.Shape[2], x.Shape[3]);

    public void MergePatchesBackward(Tensor dy, Tensor dx) =>
        Launch("merge_patches", Stored(dx, "merge_patches_backward_f32", "merge_patches_backward_bf16"),
            Spread(dx.Count, PackSize(dx) * Block), Block, 0, Activations(dy), Activations(dx), dx.Count, dx.Shape[2], dx.Shape[3]);
}
