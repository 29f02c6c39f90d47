// dbias[o] = Σ dy[n, o] over rows n; the products of matrices are cuBLASLt's, which adds the bias and its gradient where it can
//   dy     [rows, width]  f32 or bf16  row-major
//   dbias  [width]        f32
// mapping   one block of 32 × 8 threads per 32 columns: lanes over columns, warps over rows
// shared    static: 1056 bytes
// numerics  sums in f32, over rows in steps of 8, then over those 8
// limits    any rows and width, also 0
// reference src/NativeRetrieval.Core/Cpu/Linear.cs
#include "common/types.cuh"

template <class T>
NR_DEVICE void bias_gradient(const T* __restrict__ dy, float* __restrict__ dbias, int rows, int width)
{
    constexpr int Warps = 8;
    __shared__ float sums[Warps][33]; // 33: lanes of a column lie in different banks
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, column = blockIdx.x * 32 + lane;
    float sum = 0.0f;
    if (column < width)
        for (int row = warp; row < rows; row += Warps) sum += to_float(dy[(size_t)row * width + column]);
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp != 0 || column >= width) return;
    for (int other = 1; other < Warps; other++) sum += sums[other][lane];
    dbias[column] = sum;
}

extern "C" __global__ void __launch_bounds__(256) linear_bias_gradient_f32(
    const float* __restrict__ dy, float* __restrict__ dbias, int rows, int width)
{
    bias_gradient(dy, dbias, rows, width);
}

extern "C" __global__ void __launch_bounds__(256) linear_bias_gradient_bf16(
    const bf16* __restrict__ dy, float* __restrict__ dbias, int rows, int width)
{
    bias_gradient(dy, dbias, rows, width);
}
