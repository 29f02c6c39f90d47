using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MelPatches(Tensor x, Tensor? lengths, int side, int patch, Tensor y) =>
        LaunchOver(y.Count, "mel_patches", "mel_patches_forward_f32",
            F32(x), IntsOrNull(lengths), F32(y), y.Count, x.Shape[2], x.Shape[3], side, patch);

    public void MelPatchesBackward(Tensor dy, Tensor? lengths, int side, int patch, Tensor dx) =>
        LaunchOver(dx.Count, "mel_patches", "mel_patches_backward_f32",
            F32(dy), IntsOrNull(lengths), F32(dx), dx.Count, dx.Shape[2], dx.Shape[3], side, patch);
}
