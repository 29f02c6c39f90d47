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
        Launch("mask_frames", "mask_frames_forward_f32", checked(clips * planes * frames), threads, 0,
            F32(x), lengths.Address, F32(y), planes, frames, elements);
    }
}
