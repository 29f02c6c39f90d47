// y[i] = x[i] · keep/(1 − p), keep = 0 where the upper 24 bits of number i of the stream are below round(p · 2^24)
// dx: the same function of dy, the mask is drawn again
//   forward: x  [count]                    f32 or bf16  in the order of the numbers: row-major, and NHWC for feature maps
//            y  [count]                    like x
//   planes:  x  [clips, channels, pixels]  f32 or bf16  row-major; i counts (clip, pixel, channel), as in NHWC
//            y  [clips, channels, pixels]  like x       row-major
// mapping   forward: threads stride over packs of 16 bytes, whose numbers are one or two Philox blocks; planes: threads stride over
//           elements; any grid, blocks of 256
// shared    none
// numerics  the comparison is between integers: the same mask as on the CPU, bit for bit
// limits    any count, also 0; what is no whole pack, or not at a multiple of 16, goes one by one
// reference src/NativeRetrieval.Core/Cpu/Dropout.cs
#include "common/dropout.cuh"
#include "common/storage.cuh"

template <class T>
NR_DEVICE void forward(const T* __restrict__ x, const dropout& mask, T* __restrict__ y, long long count)
{
    constexpr int Size = pack<T>::Size;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x, threads = (long long)gridDim.x * blockDim.x;
    const long long packs = is_aligned(x) && is_aligned(y) ? count / Size : 0;
    for (long long i = thread; i < packs; i += threads)
    {
        pack<T> values = load_pack(x + i * Size);
        drop(values.values, mask, (philox_word)(i * Size));
        store_pack(y + i * Size, values);
    }
    for (long long i = packs * Size + thread; i < count; i += threads)
        store(y + i, mask.keep(to_float(x[i]), philox_uint(mask.source, (philox_word)i)));
}

template <class T>
NR_DEVICE void planes(const T* __restrict__ x, const dropout& mask, T* __restrict__ y, long long count, int channels, int pixels)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const long long plane = i / pixels, clip = plane / channels;
        const philox_word number = (philox_word)((clip * pixels + i % pixels) * channels + plane % channels);
        store(y + i, mask.keep(to_float(x[i]), philox_uint(mask.source, number)));
    }
}

#define ENTRY_POINTS(T)                                                                                                             \
    extern "C" __global__ void __launch_bounds__(256) dropout_forward_##T(const T* __restrict__ x, unsigned threshold, float scale, \
        NR_PHILOX_PARAMETERS, T* __restrict__ y, long long count)                                                                   \
    {                                                                                                                               \
        forward(x, { threshold, scale, NR_PHILOX }, y, count);                                                                      \
    }                                                                                                                               \
                                                                                                                                    \
    extern "C" __global__ void __launch_bounds__(256) dropout_planes_##T(const T* __restrict__ x, unsigned threshold, float scale,  \
        NR_PHILOX_PARAMETERS, T* __restrict__ y, long long count,                                                                   \
        int channels, int pixels)                                                                                                   \
    {                                                                                                                               \
        planes(x, { threshold, scale, NR_PHILOX }, y, count, channels, pixels);                                                     \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
