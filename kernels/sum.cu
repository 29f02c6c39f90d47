// y = sum of a[i] * b[i], or of a[i] where b is null: partial sums by blocks, then their total · of_rows: y[d] = sum over rows of x[row, d]
//   a, b [count] f32 · partials [blocks] f64 · y [1] f32; of_rows: x [rows, width] f32 row-major, y [width] f32
// mapping   partial: blocks and their threads stride over the elements; total: one block; of_rows: one block of 32 x 8 threads per 32 columns
// shared    static: partial, total 256 bytes, of_rows 1056
// numerics  sums and products in f64 in an order that depends on the launch alone; of_rows in f32, over rows in steps of 8, then over those 8
// limits    any count, rows and width, also 0
// reference Core/Cpu/Sum.cs, Linear.cs
#include "common/types.cuh"
#include "common/reduce.cuh"

extern "C" __global__ void __launch_bounds__(256) sum_partial_f32(const float* __restrict__ a, const float* __restrict__ b, double* __restrict__ partials, long long count)
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

extern "C" __global__ void __launch_bounds__(256) sum_of_rows_forward_f32(const float* __restrict__ x, float* __restrict__ y, int rows, int width)
{
    constexpr int Warps = 8;
    __shared__ float sums[Warps][33]; // 33: lanes of a column lie in different banks
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, column = blockIdx.x * 32 + lane;
    float sum = 0.0f;
    if (column < width)
        for (int row = warp; row < rows; row += Warps) sum += x[(size_t)row * width + column];
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp != 0 || column >= width) return;
    for (int other = 1; other < Warps; other++) sum += sums[other][lane];
    y[column] = sum;
}
