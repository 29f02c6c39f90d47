// y = gelu(x·Wᵀ + b), exact GELU; dbias[o] = Σ dy[n, o] over rows n; other products of matrices are cuBLASLt's, which adds the bias and its
// gradient where it can, and whose GELU is the tanh form
//   x       [rows, inputs]     f32          row-major
//   weight  [outputs, inputs]  f32          row-major: W
//   bias    [outputs]          f32          b
//   y       [rows, outputs]    f32          row-major
//   dy      [rows, width]      f32 or bf16  row-major
//   sums    [parts, width]     f32          row-major: a part's sums over its rows; dbias itself for one part
// mapping   gelu: a block of 4 warps per 64 rows and 128 outputs (common/block_product.cuh), outputs along x;
//           bias_gradient: common/column_sums.cuh, a first launch over the rows of dy, a second one over the parts
// shared    gelu dynamic: ProductShared; bias_gradient static: 4 KiB, 8 KiB for bf16
// numerics  gelu: TF32 products with f32 sums, or, with exact, three for each, to f32's accuracy;
//           bias_gradient: sums in f32, over rows in steps of 8, then over those 8, then over the parts
// limits    any rows, inputs, outputs and width, also 0; gelu needs sm_80
// reference src/NativeRetrieval.Core/Cpu/Linear.cs
#include "common/block_product.cuh"
#include "common/column_sums.cuh"
#include "common/gelu.cuh"
#include "common/shared.cuh"

constexpr int Tiles = 4;

template <bool Exact>
NR_DEVICE void gelu(const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias, float* __restrict__ y,
    int rows, int inputs, int outputs)
{
    NR_DYNAMIC_SHARED(float, slices);
    const int row0 = blockIdx.y * ProductRows, column0 = blockIdx.x * ProductColumns;
    const product_operand<false> left { x, (size_t)inputs, rows, inputs }, right { weight, (size_t)inputs, outputs, inputs };
    float sums[Tiles][4][4];
    block_product<Exact, Tiles>(left, right, row0, column0, slices, sums, [](const float (&)[Tiles][4], const float (&)[4][2]) {});
    const int g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
    const bool pairs = outputs % 2 == 0 && is_aligned(y);
#pragma unroll
    for (int n = 0; n < 4; n++)
    {
        const int column = column0 + warp_column() + 8 * n + 2 * t;
        const float first = column < outputs ? bias[column] : 0.0f, second = column + 1 < outputs ? bias[column + 1] : 0.0f;
#pragma unroll
        for (int r = 0; r < 2 * Tiles; r++)
        {
            const int row = row0 + warp_row() + 8 * r + g;
            if (row >= rows || column >= outputs) continue;
            const float a = sums[r / 2][n][r % 2 * 2] + first, b = sums[r / 2][n][r % 2 * 2 + 1] + second;
            const float2 values = make_float2(a * distribution(a), b * distribution(b));
            float* const target = y + (size_t)row * outputs + column;
            if (pairs) *(float2*)target = values;
            else
            {
                target[0] = values.x;
                if (column + 1 < outputs) target[1] = values.y;
            }
        }
    }
}

extern "C" __global__ void __launch_bounds__(ProductThreads<Tiles>, 2) linear_gelu_f32(
    const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias, float* __restrict__ y, int rows,
    int inputs, int outputs, int exact)
{
    if (exact) gelu<true>(x, weight, bias, y, rows, inputs, outputs);
    else gelu<false>(x, weight, bias, y, rows, inputs, outputs);
}

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
