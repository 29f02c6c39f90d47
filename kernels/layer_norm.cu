// y = γ·(x − μ)/√(σ² + ε) + β per row, σ² = mean((x − μ)²)
// dx = s·(g − mean(g) − n·mean(g·n)), g = γ·dy, n = (x − μ)·s, s = 1/√(σ² + ε); dγ = Σ dy·n, dβ = Σ dy over rows
//   x         [rows, width]      f32 or bf16  row-major
//   gain      [width]            f32          γ
//   bias      [width]            f32          β
//   y         [rows, width]      like x       row-major
//   mean      [rows]             f32          μ
//   inverse   [rows]             f32          s
//   dy        [rows, width]      like x       row-major
//   dx        [rows, width]      like x       row-major
//   parts     [parts, 2, width]  f32          row-major: each block's share of dγ and dβ
//   dgain     [width]            f32          dγ
//   dbias     [width]            f32          dβ
// mapping   forward, backward: a warp per row (common/layer_norm.cuh), any grid of blocks of 256, backward: parts of them; parameters:
//           common/column_sums.cuh over the parts
// shared    forward none; backward static: 32 KiB; parameters static: 4 KiB
// numerics  sums in f32: lane by lane, then across lanes; mean first, then squared deviations; dγ and dβ over a warp's rows in their
//           order, then warps and blocks in theirs: equal bits in every run on a GPU
// limits    any rows, also 0; width at least 1; rows of up to 1024 values are read once
// reference src/NativeRetrieval.Core/Cpu/LayerNorm.cs
#include "common/layer_norm.cuh"
#include "common/column_sums.cuh"

template <class T>
NR_DEVICE void forward(
    const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ bias, float epsilon, T* __restrict__ y,
    float* __restrict__ mean, float* __restrict__ inverse, int rows, int width)
{
    const bool aligned = width % Four == 0 && are_aligned(x, y, gain) && is_aligned(bias);
    const auto read = [=](int row, int first, float (&values)[Held])
    {
        load_slice(x + (size_t)row * width, first, width, aligned, values);
    };
    normalize_rows(read, gain, bias, epsilon, y, mean, inverse, rows, width, aligned);
}

template <class T>
NR_DEVICE void backward(
    const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ mean,
    const float* __restrict__ inverse, T* __restrict__ dx, float* __restrict__ parts, int rows, int width)
{
    const bool aligned = width % Four == 0 && are_aligned(dy, x, gain) && is_aligned(dx);
    const auto write = [=](int row, int first, const float (&values)[Held])
    {
        store_slice(dx + (size_t)row * width, first, width, aligned, values);
    };
    backward_rows<true>(
        dy, x, gain, mean, inverse, write, parts + (size_t)blockIdx.x * 2 * width, blockIdx.x, gridDim.x, rows, width, aligned);
}

#define ENTRY_POINTS(T)                                                                                                            \
    extern "C" __global__ void __launch_bounds__(256, 3) layer_norm_forward_##T(                                                      \
        const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ bias, float epsilon, T* __restrict__ y, \
        float* __restrict__ mean, float* __restrict__ inverse, int rows, int width)                                                \
    {                                                                                                                              \
        forward(x, gain, bias, epsilon, y, mean, inverse, rows, width);                                                            \
    }                                                                                                                              \
    extern "C" __global__ void __launch_bounds__(256) layer_norm_backward_##T(                                                     \
        const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ mean,         \
        const float* __restrict__ inverse, T* __restrict__ dx, float* __restrict__ parts, int rows, int width)                     \
    {                                                                                                                              \
        backward(dy, x, gain, mean, inverse, dx, parts, rows, width);                                                              \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)

extern "C" __global__ void __launch_bounds__(256) layer_norm_parameters_f32(
    const float* __restrict__ parts, int count, int width, float* __restrict__ dgain, float* __restrict__ dbias)
{
    sum_rows(parts, count, 2 * width, count, [=](int column, float total)
    {
        if (column < width) dgain[column] = total;
        else dbias[column - width] = total;
    });
}
