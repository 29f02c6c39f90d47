// y = x, 0 in random stripes of frames and of mel bins, other stripes for each clip
// dx = dy, 0 in the same stripes: the same function of dy
//   x        [clips, frames, bins]  f32, bf16 or f16  row-major
//   y        [clips, frames, bins]  like x            row-major
//   lengths  [clips]                i32  own frames of a clip, or null: frames
// method    Stripe s (time stripes first) of a clip has width = below(number 2k, limit), at most the extent, and start =
//           below(number 2k + 1, max(1, extent − width)), with k = clip · stripes + s and extent = the clip's own frames, or the bins;
//           mel stripes end with the clip's own frames. A block draws all stripes of its clip, then looks each element up in them.
// mapping   blockIdx.y = clip, blocks of x and their threads stride its elements; at most 256 threads
// shared    dynamic: 2 ints per stripe
// numerics  integers: the same stripes as on the CPU, bit for bit
// limits    any sizes, also 0; clips at most 65535; y may be x
// reference src/NativeRetrieval.Core/Cpu/SpecAugment.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/philox.cuh"

struct stripe_rule
{
    int time_stripes, time_limit, mel_stripes, mel_limit;
    philox source;
};

// Draws a clip's stripes, (start, end) each, by the whole block; they may be read after a barrier.
NR_DEVICE void draw_stripes(const stripe_rule& rule, int clip, int own, int bins, int2* stripe)
{
    const int stripes = rule.time_stripes + rule.mel_stripes;
    for (int s = threadIdx.x; s < stripes; s += blockDim.x)
    {
        const bool time = s < rule.time_stripes;
        const int extent = time ? own : bins;
        const philox_word number = 2 * ((philox_word)clip * stripes + s);
        const int width = min(philox_below(philox_uint(rule.source, number), time ? rule.time_limit : rule.mel_limit), extent);
        const int start = philox_below(philox_uint(rule.source, number + 1), max(1, extent - width));
        stripe[s] = make_int2(start, start + width);
    }
}

NR_DEVICE bool in_stripe(const stripe_rule& rule, const int2* stripe, int frame, int bin, int own)
{
    bool inside = false;
    for (int s = 0; s < rule.time_stripes + rule.mel_stripes; s++)
    {
        const int place = s < rule.time_stripes ? frame : bin;
        inside |= place >= stripe[s].x && place < stripe[s].y && (s < rule.time_stripes || frame < own);
    }
    return inside;
}

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

#define ENTRY_POINT(T)                                                                                                 \
    extern "C" __global__ void __launch_bounds__(256) spec_augment_forward_##T(                                        \
        const T* x, const int* __restrict__ lengths, int time_stripes, int time_limit, int mel_stripes, int mel_limit, \
        NR_PHILOX_PARAMETERS, T* y, int frames, int bins)                                                              \
    {                                                                                                                  \
        const philox source = NR_PHILOX_OF_ITEMS;                                                                      \
        forward(x, lengths, { time_stripes, time_limit, mel_stripes, mel_limit, source }, y, frames, bins);            \
    }

typedef float f32;
ENTRY_POINT(f32)
ENTRY_POINT(bf16)
ENTRY_POINT(f16)
