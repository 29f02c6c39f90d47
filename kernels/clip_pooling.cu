// y = max_t m[t] + 1/T Σ_t m[t], m[t] = 1/F Σ_f x[t, f], over the T own frames of a clip; 0 for a clip without frames
// dx[t, f] = dy/F · (1/T + [t = peak]) in own frames, 0 behind them
//   x        [clips, channels, frames, bins]  f32 or bf16  row-major
//   y        [clips, channels]                f32          row-major
//   peaks    [clips, channels]                i32          row-major: the first frame of the maximum
//   lengths  [clips]                          i32          own frames T, or null: frames
//   dy       [clips, channels]                f32          row-major
//   dx       [clips, channels, frames, bins]  like x       row-major
// mapping   forward: one warp per clip and channel, lanes stride over frames; backward: threads stride over dx, any grid; blocks of 256
// shared    none
// numerics  a frame's mean in f32 in the order of the bins; over frames lane by lane, then across lanes
// limits    any sizes, also 0; a length outside 0 … frames counts as the nearer end
// reference src/NativeRetrieval.Core/Cpu/ClipPooling.cs
#include "common/frames.cuh"
#include "common/reduce.cuh"
#include "common/storage.cuh"

NR_DEVICE float2 load_pair(const float* source) { return *(const float2*)source; }

NR_DEVICE float2 load_pair(const bf16* source)
{
    const unsigned word = *(const unsigned*)source;
    return make_float2(__uint_as_float(word << 16), __uint_as_float(word & 0xffff0000u));
}

template <class T>
NR_DEVICE void forward(const T* __restrict__ x, const int* __restrict__ lengths, float* __restrict__ y, int* __restrict__ peaks,
    int maps, int channels, int frames, int bins)
{
    const int map = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x & 31;
    if (map >= maps) return;
    const bool pairs = bins % 2 == 0 && is_aligned(x); // lanes' frames of two bins lie side by side
    const int own = own_frames(lengths, map / channels, frames);
    float largest = __int_as_float(0xff800000), sum = 0.0f;
    int peak = frames;
    for (int frame = lane; frame < own; frame += 32)
    {
        const T* const row = x + ((size_t)map * frames + frame) * bins;
        float mean = 0.0f;
        if (pairs)
            for (int bin = 0; bin < bins; bin += 2)
            {
                const float2 pair = load_pair(row + bin);
                mean = mean + pair.x + pair.y;
            }
        else
            for (int bin = 0; bin < bins; bin++) mean += to_float(row[bin]);
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

template <class T>
NR_DEVICE void backward(const float* __restrict__ dy, const int* __restrict__ peaks, const int* __restrict__ lengths, T* __restrict__ dx,
    long long count, int channels, int frames, int bins)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const long long line = i / bins;
        const int frame = (int)(line % frames), map = (int)(line / frames), own = own_frames(lengths, map / channels, frames);
        const float share = dy[map] / bins;
        const int peak = peaks[map];
        store(dx + i, frame < own ? share / own + (frame == peak ? share : 0.0f) : 0.0f);
    }
}

extern "C" __global__ void __launch_bounds__(256) clip_pooling_forward_f32(
    const float* x, const int* lengths, float* y, int* peaks, int maps, int channels, int frames, int bins)
{
    forward(x, lengths, y, peaks, maps, channels, frames, bins);
}

extern "C" __global__ void __launch_bounds__(256) clip_pooling_forward_bf16(
    const bf16* x, const int* lengths, float* y, int* peaks, int maps, int channels, int frames, int bins)
{
    forward(x, lengths, y, peaks, maps, channels, frames, bins);
}

extern "C" __global__ void __launch_bounds__(256) clip_pooling_backward_f32(
    const float* dy, const int* peaks, const int* lengths, float* dx, long long count, int channels, int frames, int bins)
{
    backward(dy, peaks, lengths, dx, count, channels, frames, bins);
}

extern "C" __global__ void __launch_bounds__(256) clip_pooling_backward_bf16(
    const float* dy, const int* peaks, const int* lengths, bf16* dx, long long count, int channels, int frames, int bins)
{
    backward(dy, peaks, lengths, dx, count, channels, frames, bins);
}
