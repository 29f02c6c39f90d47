// y[b] = 1/L Σ_{s<L} x[b, s], L = lengths[b]; zeros where L = 0
// dx[b, s] = dy[b]/L for s < L, else 0
//   x        [sentences, tokens, width]  f32 or bf16  row-major
//   lengths  [sentences]                 i32
//   y        [sentences, width]          f32          row-major
//   dy       [sentences, width]          f32          row-major
//   dx       [sentences, tokens, width]  like x       row-major
//   fault    common/fault.cuh
// mapping   blockIdx.y strides over sentences, blocks of x and their threads cover the width, a pack of x's type each; blocks of 256
// shared    none
// numerics  sums in f32 in the order of the tokens, times 1/L; bf16: dx is rounded
// limits    any sizes, also 0; a length outside 0 … tokens is a fault and counts as the nearer end; packs where rows and addresses are
//           multiples of 16 bytes
// reference src/NativeRetrieval.Core/Cpu/MeanOverTokens.cs
#include "common/storage.cuh"
#include "common/fault.cuh"

template <class T>
NR_DEVICE void forward(
    const T* __restrict__ x, const int* __restrict__ lengths, float* __restrict__ y, int* __restrict__ fault,
    int sentences, int tokens, int width)
{
    constexpr int Size = pack<T>::Size;
    const bool aligned = width % Size == 0 && is_aligned(x) && is_aligned(y);
    const int d = (blockIdx.x * blockDim.x + threadIdx.x) * Size;
    for (int sentence = blockIdx.y; sentence < sentences; sentence += gridDim.y)
    {
        const int own = lengths[sentence], used = min(max(own, 0), tokens);
        if (used != own && d == 0) report_fault(fault, MeanLength, sentence, own, tokens);
        if (d >= width) continue;
        const T* const source = x + (size_t)sentence * tokens * width + d;
        float sums[Size] = {};
#pragma unroll 4
        for (int s = 0; s < used; s++)
            if (aligned)
            {
                float values[Size];
                load_values(source + (size_t)s * width, values);
#pragma unroll
                for (int k = 0; k < Size; k++) sums[k] += values[k];
            }
            else
#pragma unroll
                for (int k = 0; k < Size; k++) sums[k] += d + k < width ? to_float(source[(size_t)s * width + k]) : 0.0f;
        const float share = 1.0f / max(used, 1);
        float* const target = y + (size_t)sentence * width + d;
#pragma unroll
        for (int k = 0; k < Size; k++) sums[k] *= share;
        if (aligned) store_values(target, sums);
        else
#pragma unroll
            for (int k = 0; k < Size; k++)
                if (d + k < width) target[k] = sums[k];
    }
}

template <class T>
NR_DEVICE void backward(
    const float* __restrict__ dy, const int* __restrict__ lengths, T* __restrict__ dx, int sentences, int tokens, int width)
{
    constexpr int Size = pack<T>::Size;
    const bool aligned = width % Size == 0 && is_aligned(dy) && is_aligned(dx);
    const int d = (blockIdx.x * blockDim.x + threadIdx.x) * Size;
    if (d >= width) return;
    for (int sentence = blockIdx.y; sentence < sentences; sentence += gridDim.y)
    {
        const int used = min(max(lengths[sentence], 0), tokens);
        const float* const source = dy + (size_t)sentence * width + d;
        T* target = dx + (size_t)sentence * tokens * width + d;
        float values[Size];
        if (aligned) load_values(source, values);
        else
#pragma unroll
            for (int k = 0; k < Size; k++) values[k] = d + k < width ? source[k] : 0.0f;
#pragma unroll
        for (int k = 0; k < Size; k++) values[k] *= 1.0f / max(used, 1);
        for (int s = 0; s < tokens; s++, target += width)
        {
            if (s == used)
#pragma unroll
                for (int k = 0; k < Size; k++) values[k] = 0.0f;
            if (aligned) store_values(target, values);
            else
#pragma unroll
                for (int k = 0; k < Size; k++)
                    if (d + k < width) store(target + k, values[k]);
        }
    }
}

#define ENTRY_POINTS(T)                                                                                                         \
    extern "C" __global__ void __launch_bounds__(256) mean_over_tokens_forward_##T(                                             \
        const T* __restrict__ x, const int* __restrict__ lengths, float* __restrict__ y, int* __restrict__ fault,               \
        int sentences, int tokens, int width)                                                                                   \
    {                                                                                                                           \
        forward(x, lengths, y, fault, sentences, tokens, width);                                                                \
    }                                                                                                                           \
    extern "C" __global__ void __launch_bounds__(256) mean_over_tokens_backward_##T(                                            \
        const float* __restrict__ dy, const int* __restrict__ lengths, T* __restrict__ dx, int sentences, int tokens, int width) \
    {                                                                                                                           \
        backward(dy, lengths, dx, sentences, tokens, width);                                                                    \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
