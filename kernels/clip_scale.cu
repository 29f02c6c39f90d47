// s = min(1, limit / (‖g‖ + ε)), ‖g‖ = √(Σ g²) over all elements of all gradients
//   slots     [n]       { p, g, m, v [count] f32, copy, count } (common/adam_slot.cuh), of which g and count are read
//   chunks    [chunks]  { slot, part } (common/adam_slot.cuh)
//   partials  [chunks]  f64
//   result    [2]       f64: s, ‖g‖
// mapping   partial: a block per chunk of 64 K elements, its 256 threads stride over vectors of four; element by element where a gradient
//           does not begin at a multiple of 16 bytes, and for what is left of four; total: one block of 256 threads adds the partial sums
// shared    static: 256 bytes
// numerics  squares are summed in f64 in an order that depends on the sizes alone
// limits    chunks are of slots with count > 0; there may be none
// reference src/NativeRetrieval.Core/Cpu/ClipScale.cs
#include "common/adam_slot.cuh"
#include "common/reduce.cuh"
#include "common/storage.cuh"

extern "C" __global__ void __launch_bounds__(256) clip_scale_partial_f32(
    const slot* __restrict__ slots, const chunk* __restrict__ chunks, double* __restrict__ partials)
{
    const chunk place = chunks[blockIdx.x];
    const slot own = slots[place.slot];
    const float* const g = own.g + first_of(place);
    const int count = count_of(place, own.count), vectors = is_aligned(g) ? count / 4 : 0;
    double sum = 0.0;
#pragma unroll 4
    for (int i = threadIdx.x; i < vectors; i += blockDim.x)
    {
        const pack<float> gradient = load_pack(g + 4 * i);
#pragma unroll
        for (int k = 0; k < 4; k++) sum += (double)gradient.values[k] * gradient.values[k];
    }
    for (int i = 4 * vectors + threadIdx.x; i < count; i += blockDim.x) sum += (double)g[i] * g[i];
    sum = block_total(sum);
    if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(256) clip_scale_total_f32(
    const double* __restrict__ partials, long long count, double limit, double clip_epsilon, double* __restrict__ result)
{
    double sum = 0.0;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) sum += partials[i];
    sum = block_total(sum);
    if (threadIdx.x != 0) return;
    const double norm = sqrt(sum);
    const double scale = limit / (norm + clip_epsilon);
    result[0] = scale > 1.0 ? 1.0 : scale;
    result[1] = norm;
}
