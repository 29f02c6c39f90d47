// dbias[o] = Σ dy[n, o] over rows n; the products of matrices are cuBLASLt's, which adds the bias and its gradient where it can
//   dy     [rows, width]   f32 or bf16  row-major
//   sums   [parts, width]  f32          row-major: a part's sums over its rows; dbias itself for one part
// mapping   common/column_sums.cuh, a first launch over the rows of dy, a second one over the parts
// shared    static: 4 KiB, 8 KiB for bf16
// numerics  sums in f32, over rows in steps of 8, then over those 8, then over the parts
// limits    any rows and width, also 0
// reference src/NativeRetrieval.Core/Cpu/Linear.cs
#include "common/column_sums.cuh"

template <class T>
NR_DEVICE void bias_gradient(const T* __restrict__ dy, float* __restrict__ sums, int rows, int width, int rows_per_part)
{
    sum_rows(dy, rows, width, rows_per_part, [=](int column, float total) { sums[(size_t)blockIdx.y * width + column] = total; });
}

extern "C" __global__ void __launch_bounds__(256) linear_bias_gradient_f32(
    const float* __restrict__ dy, float* __restrict__ sums, int rows, int width, int rows_per_part)
{
    bias_gradient(dy, sums, rows, width, rows_per_part);
}

extern "C" __global__ void __launch_bounds__(256) linear_bias_gradient_bf16(
    const bf16* __restrict__ dy, float* __restrict__ sums, int rows, int width, int rows_per_part)
{
    bias_gradient(dy, sums, rows, width, rows_per_part);
}
