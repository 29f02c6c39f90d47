// y = Σ a[i] · b[i], or Σ a[i] where b is null
//   a         [count]   f32  memory order
//   b         [count]   f32  memory order, or null: 1
//   partials  [blocks]  f64
//   y         [1]       f32
// mapping   partial: blocks and their threads stride over the elements; total: one block adds the partial sums; blocks of 256
// shared    static: 256 bytes
// numerics  sums and products in f64 in an order that depends on the launch alone
// limits    any count, also 0
// reference src/NativeRetrieval.Core/Cpu/Sum.cs, Dot.cs
#include "common/types.cuh"
#include "common/reduce.cuh"

extern "C" __global__ void __launch_bounds__(256) sum_partial_f32(
    const float* __restrict__ a, const float* __restrict__ b, double* __restrict__ partials, long long count)
{
    double sum = 0.0;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
        sum += b ? (double)a[i] * b[i] : (double)a[i];
    sum = block_total(sum);
    if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(256) sum_total_f32(const double* __restrict__ partials, int blocks, float* __restrict__ y)
{
    double sum = 0.0;
    for (int i = threadIdx.x; i < blocks; i += blockDim.x) sum += partials[i];
    sum = block_total(sum);
    if (threadIdx.x == 0) y[0] = (float)sum;
}
