// mask: y = x in a clip's own frames, 0 behind them
// pooling: y = max_t m[t] + mean_t m[t] over own frames, m[t] = mean over bins of x[t]; peak = the first t of the maximum; 0 for a clip without frames
//   gradient: dx[t, f] = dy / bins * (1 / frames + [t = peak]) in own frames, 0 behind them
//   mask: x, y [clips, planes, frames, elements] f32: NHWC with planes = 1, elements = width * channels; NCHW with planes = channels, elements = width
//   pooling: x, dx [clips, channels, frames, bins], y, dy [clips, channels] f32 · peaks [clips, channels] i32 · lengths [clips] i32, or null: frames
// mapping   mask: one block per frame of a plane; pooling: one warp per (clip, channel), lanes over frames; gradient: one thread per element of dx, any grid
// shared    none
// numerics  a frame's mean in f32 in the order of the bins; over frames lane by lane, then across lanes
// limits    any sizes, also 0; lengths outside 0 .. frames count as the nearer end
// reference Core/Cpu/MaskFrames.cs, ClipPooling.cs
#include "common/types.cuh"
#include "common/frames.cuh"
#include "common/reduce.cuh"

extern "C" __global__ void __launch_bounds__(256) frames_mask_f32(const float* x, const int* __restrict__ lengths, float* y, int planes, int frames, int elements)
{
    const int frame = blockIdx.x % frames, clip = blockIdx.x / frames / planes;
    const bool real = frame < own_frames(lengths, clip, frames);
    const size_t first = (size_t)blockIdx.x * elements;
    for (int i = threadIdx.x; i < elements; i += blockDim.x) y[first + i] = real ? x[first + i] : 0.0f;
}

extern "C" __global__ void __launch_bounds__(256) frames_pooling_f32(const float* __restrict__ x, const int* __restrict__ lengths, float* __restrict__ y,
                                                                     int* __restrict__ peaks, int maps, int channels, int frames, int bins)
{
    const int map = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x & 31;
    if (map >= maps) return;
    const int own = own_frames(lengths, map / channels, frames);
    float largest = __int_as_float(0xff800000), sum = 0.0f;
    int peak = frames;
    for (int frame = lane; frame < own; frame += 32)
    {
        const float* const row = x + ((size_t)map * frames + frame) * bins;
        float mean = 0.0f;
        for (int bin = 0; bin < bins; bin++) mean += row[bin];
        mean /= bins;
        sum += mean;
        if (peak == frames || mean > largest)
        {
            largest = mean;
            peak = frame;
        }
    }
    sum = warp_sum(sum);
    for (int step = 16; step > 0; step >>= 1)
    {
        const float other = __shfl_xor_sync(0xffffffffu, largest, step);
        const int place = __shfl_xor_sync(0xffffffffu, peak, step);
        if (place < frames && (peak == frames || other > largest || (other == largest && place < peak)))
        {
            largest = other;
            peak = place;
        }
    }
    if (lane != 0) return;
    y[map] = own == 0 ? 0.0f : largest + sum / own;
    peaks[map] = own == 0 ? 0 : peak;
}

extern "C" __global__ void __launch_bounds__(256) frames_pooling_backward_f32(const float* __restrict__ dy, const int* __restrict__ peaks, const int* __restrict__ lengths,
                                                                              float* __restrict__ dx, long long count, int channels, int frames, int bins)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const long long line = i / bins;
        const int frame = (int)(line % frames), map = (int)(line / frames), own = own_frames(lengths, map / channels, frames);
        const float share = dy[map] / bins;
        dx[i] = frame < own ? share / own + (frame == peaks[map] ? share : 0.0f) : 0.0f;
    }
}
