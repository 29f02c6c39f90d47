// y = x in a clip's own frames, 0 in the padding behind them
//   x        [clips, planes, frames, elements]  f32  NHWC: planes 1, elements width · channels; NCHW: planes channels, elements width
//   y        [clips, planes, frames, elements]  f32  like x
//   lengths  [clips]                            i32  own frames
// mapping   one block per frame of a plane, threads stride over its elements
// shared    none
// numerics  exact
// limits    any sizes, also 0; a length outside 0 … frames counts as the nearer end; y may be x
// reference src/NativeRetrieval.Core/Cpu/MaskFrames.cs
#include "common/types.cuh"
#include "common/frames.cuh"

extern "C" __global__ void __launch_bounds__(256) mask_frames_forward_f32(
    const float* x, const int* __restrict__ lengths, float* y, int planes, int frames, int elements)
{
    const int frame = blockIdx.x % frames, clip = blockIdx.x / frames / planes;
    const bool real = frame < own_frames(lengths, clip, frames);
    const size_t first = (size_t)blockIdx.x * elements;
    for (int i = threadIdx.x; i < elements; i += blockDim.x) y[first + i] = real ? x[first + i] : 0.0f;
}
