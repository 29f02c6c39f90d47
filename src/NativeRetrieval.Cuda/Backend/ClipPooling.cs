using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void ClipPooling(Tensor x, Tensor? lengths, Tensor y, Tensor peaks)
    {
        int maps = checked(x.Shape[0] * x.Shape[1]);
        Launch("clip_pooling", Stored(x, "clip_pooling_forward_f32", "clip_pooling_forward_bf16"), Ceil(maps, Block / Warp), Block, 0,
            Activations(x), IntsOrNull(lengths), F32(y), peaks.Address, maps, x.Shape[1], x.Shape[2], x.Shape[3]);
    }

    public void ClipPoolingBackward(Tensor dy, Tensor peaks, Tensor? lengths, Tensor dx) =>
        LaunchOver(dx.Count, "clip_pooling", Stored(dx, "clip_pooling_backward_f32", "clip_pooling_backward_bf16"),
            F32(dy), peaks.Address, IntsOrNull(lengths), Activations(dx), dx.Count, dx.Shape[1], dx.Shape[2], dx.Shape[3]);
}
