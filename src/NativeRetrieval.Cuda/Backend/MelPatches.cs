using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Height and width of a block's part of the image, as in kernels/mel_patches.cu.</summary>
    const int PatchSquare = 32;

    public void MelPatches(Tensor x, Tensor? lengths, int side, int patch, Tensor y) =>
        Launch("mel_patches", Stored(y, "mel_patches_forward_f32", "mel_patches_forward_bf16"),
            (Ceil(side, PatchSquare) * Ceil(side, PatchSquare), Math.Min(x.Shape[0], GridLimit), 1), Block, 0,
            F32(x), IntsOrNull(lengths), Activations(y), x.Shape[0], x.Shape[2], x.Shape[3], side, patch);

    public void MelPatchesBackward(Tensor dy, Tensor? lengths, int side, int patch, Tensor dx) =>
        Launch("mel_patches", Stored(dy, "mel_patches_backward_f32", "mel_patches_backward_bf16"),
            (Ceil(dx.Shape[2], PatchSquare), Ceil(dx.Shape[3], PatchSquare), Math.Min(dx.Shape[0], GridLimit)), Block, 0,
            Activations(dy), IntsOrNull(lengths), F32(dx), dx.Shape[0], dx.Shape[2], dx.Shape[3], side, patch);
}
