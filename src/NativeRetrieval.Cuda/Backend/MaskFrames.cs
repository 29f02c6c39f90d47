using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MaskFrames(Tensor x, Tensor lengths, Tensor y)
    {
        bool last = x.Layout == Layout.NHWC;
        int clips = x.Shape[0], channels = x.Shape[1], frames = x.Shape[2], width = x.Shape[3];
        int planes = last ? 1 : channels, elements = last ? checked(width * channels) : width;
        int packed = InPacks(elements, x, y), threads = Math.Clamp(Ceil(Groups(elements, packed, x), Warp) * Warp, Warp, Block);
        Launch("mask_frames", Stored(x, "mask_frames_forward_f32", "mask_frames_forward_bf16"), checked(clips * planes * frames), threads, 0,
            Activations(x), lengths.Address, Activations(y), planes, frames, elements, packed);
    }
}
