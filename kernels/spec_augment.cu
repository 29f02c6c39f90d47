// y = x, with random stripes of frames and of mel bins set to 0, other stripes for each clip; the gradient is the same function of dy
//   x, y [clips, frames, bins] f32, bf16 or f16, row-major · lengths [clips] i32, a clip's own frames, or null: frames
//   stripes as in common/stripes.cuh
// mapping   blockIdx.y = clip, blocks of x and their threads stride its elements; at most 256 threads
// shared    dynamic: 2 ints per stripe
// numerics  integers: the same stripes as on the CPU, bit for bit
// limits    any sizes, also 0; clips at most 65535; y may be x
// reference Core/Cpu/SpecAugment.cs, Core/Ops/SpecAugmentOptions.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/stripes.cuh"

template <class T>
NR_DEVICE void forward(const T* x, const int* __restrict__ lengths, const stripe_rule& rule, T* y, int frames, int bins)
{
    NR_DYNAMIC_SHARED(int2, stripe); // start, end
    const int clip = blockIdx.y, own = lengths ? lengths[clip] : frames;
    draw_stripes(rule, clip, own, bins, stripe);
    __syncthreads();
    const long long count = (long long)frames * bins, first = clip * count;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const bool masked = in_stripe(rule, stripe, (int)(i / bins), (int)(i % bins), own);
        store(&y[first + i], masked ? 0.0f : to_float(x[first + i]));
    }
}

#define ENTRY_POINT(T)                                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) spec_augment_forward_##T(                                                             \
        const T* x, const int* __restrict__ lengths, int time_stripes, int time_limit, int mel_stripes, int mel_limit, philox_word seed,    \
        philox_word stream, T* y, int frames, int bins)                                                                                     \
    {                                                                                                                                       \
        forward(x, lengths, { time_stripes, time_limit, mel_stripes, mel_limit, { seed, stream } }, y, frames, bins);                       \
    }

typedef float f32;
ENTRY_POINT(f32)
ENTRY_POINT(bf16)
ENTRY_POINT(f16)
