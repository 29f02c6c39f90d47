// s = min(1, limit / (‖g‖ + ε)), ‖g‖ = √(Σ g²) over all elements of all gradients
//   slots     [n]              { p, g, m, v [count] f32, copy, count } (common/adam_slot.cuh), of which g and count are read
//   partials  [gridDim.x · n]  f64
//   result    [2]              f64: s, ‖g‖
// mapping   partial: blockIdx.y = slot, blocks of x and their threads stride over its gradient; total: one block adds the partial sums;
//           any multiple of 32 threads up to 1024
// shared    static: 256 bytes
// numerics  squares are summed in f64 in an order that depends on the launch alone
// limits    any counts, also 0; n at most 65535
// reference src/NativeRetrieval.Core/Cpu/ClipScale.cs
#include "common/adam_slot.cuh"
#include "common/types.cuh"
#include "common/reduce.cuh"

extern "C" __global__ void __launch_bounds__(1024) clip_scale_partial_f32(
    const slot* __restrict__ slots, double* __restrict__ partials)
{
    const slot own = slots[blockIdx.y];
    double sum = 0.0;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < own.count; i += (long long)gridDim.x * blockDim.x)
        sum += (double)own.g[i] * own.g[i];
    sum = block_total(sum);
    if (threadIdx.x == 0) partials[(size_t)blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(1024) clip_scale_total_f32(
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
