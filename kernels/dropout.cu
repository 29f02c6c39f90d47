// y[i] = x[i] · keep/(1 − p), keep = 0 where the upper 24 bits of number i of the stream are below round(p · 2^24)
// dx: the same function of dy, the mask is drawn again
//   forward: x  [count]                    f32, bf16 or f16  in the order of the numbers: row-major, and NHWC for feature maps
//            y  [count]                    like x
//   planes:  x  [clips, channels, pixels]  f32  row-major; i counts (clip, pixel, channel), as in NHWC
//            y  [clips, channels, pixels]  f32  row-major
// mapping   forward: one thread per four neighbours, which share a Philox block; any block size; planes: threads stride over elements
// shared    none
// numerics  the comparison is between integers: the same mask as on the CPU, bit for bit
// limits    any count, also 0; a grid covers 4 · gridDim.x · blockDim.x elements (planes: any)
// reference src/NativeRetrieval.Core/Cpu/Dropout.cs
#include "common/types.cuh"
#include "common/philox.cuh"

template <class T>
NR_DEVICE void forward(const T* __restrict__ x, unsigned threshold, float scale, philox source, T* __restrict__ y, long long count)
{
    const long long block = (long long)blockIdx.x * blockDim.x + threadIdx.x, first = block * 4;
    if (first >= count) return;
    const uint4 numbers = philox_block(source, (philox_word)block);
    const unsigned number[4] = { numbers.x, numbers.y, numbers.z, numbers.w };
#pragma unroll
    for (int i = 0; i < 4; i++)
        if (first + i < count) store(&y[first + i], number[i] >> 8 < threshold ? 0.0f : to_float(x[first + i]) * scale);
}

#define ENTRY_POINT(T)                                                                                                               \
    extern "C" __global__ void __launch_bounds__(1024) dropout_forward_##T(const T* __restrict__ x, unsigned threshold, float scale, \
                                                                           long long seed, long long stream,                         \
                                                                           const long long* __restrict__ stream_offset,              \
                                                                           T* __restrict__ y, long long count)                       \
    {                                                                                                                                \
        forward(x, threshold, scale, philox_of(seed, stream, stream_offset), y, count);                                              \
    }

typedef float f32;
ENTRY_POINT(f32)
ENTRY_POINT(bf16)
ENTRY_POINT(f16)

extern "C" __global__ void __launch_bounds__(256) dropout_planes_f32(
    const float* __restrict__ x, unsigned threshold, float scale, long long seed, long long stream,
    const long long* __restrict__ stream_offset, float* __restrict__ y, long long count, int channels, int pixels)
{
    const philox source = philox_of(seed, stream, stream_offset);
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const long long plane = i / pixels, clip = plane / channels;
        const philox_word number = (philox_word)((clip * pixels + i % pixels) * channels + plane % channels);
        y[i] = philox_uint(source, number) >> 8 < threshold ? 0.0f : x[i] * scale;
    }
}
