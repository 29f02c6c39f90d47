using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MaskFrames(Tensor x, Tensor lengths, Tensor y)
    {
        bool last = x.Layout == Layout.NHWC;
        int clips = x.Shape[0], channels = x.Shape[1], frames = x.Shape[2], width = x.Shape[3];
        int planes = last ? 1 : channels, elements = last ? checked(width * channels) : width;
        int threads = Math.Clamp((elements + Warp - 1) / Warp * Warp, Warp, Block);
        Launch("frames", "frames_mask_f32", checked(clips * planes * frames), threads, 0, F32(x), lengths.Address, F32(y), planes, frames, elements);
    }

    public void ClipPooling(Tensor x, Tensor? lengths, Tensor y, Tensor peaks)
    {
        int maps = checked(x.Shape[0] * x.Shape[1]);
        Launch("frames", "frames_pooling_f32", Ceil(maps, Block / Warp), Block, 0, F32(x), IntsOrNull(lengths), F32(y), peaks.Address, maps, x.Shape[1], x.Shape[2], x.Shape[3]);
    }

    public void ClipPoolingBackward(Tensor dy, Tensor peaks, Tensor? lengths, Tensor dx) =>
        LaunchOver(dx.Count, "frames", "frames_pooling_backward_f32", F32(dy), peaks.Address, IntsOrNull(lengths), F32(dx), dx.Count, dx.Shape[1], dx.Shape[2], dx.Shape[3]);
}
