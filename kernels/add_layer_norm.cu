// y = γ·(s − μ)/√(σ² + ε) + β per row, s = drop(x) + residual, σ² = mean((s − μ)²)
// ds as layer_norm.cu's dx, for the residual; dx = drop(ds); dγ and dβ as there
// drop: 0 where the upper 24 bits of number i of the stream are below the threshold, else times 1/(1 − p); i counts row-major
//   x         [rows, width]      f32 or bf16  row-major
//   residual  [rows, width]      like x       row-major
//   gain      [width]            f32          γ
//   bias      [width]            f32          β
//   sum       [rows, width]      like x       row-major: s, or null where backward will not come
//   y         [rows, width]      like x       row-major
//   mean      [rows]             f32          μ
//   inverse   [rows]             f32          1/√(σ² + ε)
//   dy        [rows, width]      like x       row-major
//   dx        [rows, width]      like x       row-major; where nothing is dropped, not written
//   dsum      [rows, width]      like x       row-major: ds
//   parts     [parts, 2, width]  f32          row-major: each block's share of dγ and dβ
//   dgain     [width]            f32          dγ
//   dbias     [width]            f32          dβ
// mapping   as layer_norm.cu
// shared    as layer_norm.cu
// numerics  s in f32 goes into the statistics, and is rounded to x's type for backward; the mask is drawn again there, the same as on
//           the CPU, bit for bit; sums as in layer_norm.cu
// limits    any rows, also 0; width at least 1; rows of up to 1024 values are read once; y may be x or residual
// reference src/NativeRetrieval.Core/Cpu/AddLayerNorm.cs
#include "common/layer_norm.cuh"
#include "common/dropout.cuh"

// The lane's values of a row's slice.
NR_DEVICE void drop_slice(float (&values)[Held], const dropout& rule, int row, int first, int width)
{
    if (rule.threshold == 0) return;
    const philox_word begin = rule.source.first + (philox_word)row * width + first;
    if (begin % Four != 0)
    {
        // One number after the other, where only odd widths come.
#pragma unroll 1
        for (int k = 0; k < Held; k++)
        {
            const int column = column_of(k / Four * Four) + k % Four;
            const unsigned number = philox_number(rule.source, begin + column);
#pragma unroll
            for (int i = 0; i < Held; i++) values[i] = i == k && first + column < width ? rule.keep(values[i], number) : values[i];
        }
        return;
    }
#pragma unroll
    for (int k = 0; k < Held; k += Four)
    {
        const int column = column_of(k);
        if (first + column >= width) continue;
        const uint4 numbers = philox_block(rule.source, (begin + column) / Four);
        values[k] = rule.keep(values[k], numbers.x);
        values[k + 1] = rule.keep(values[k + 1], numbers.y);
        values[k + 2] = rule.keep(values[k + 2], numbers.z);
        values[k + 3] = rule.keep(values[k + 3], numbers.w);
    }
}

template <class T>
NR_DEVICE void forward(
    const T* x, const T* residual, const float* __restrict__ gain, const float* __restrict__ bias, float epsilon, const dropout& rule,
    T* sum, T* y, float* __restrict__ mean, float* __restrict__ inverse, int rows, int width)
{
    const bool aligned = width % Four == 0 && are_aligned(x, residual, sum) && are_aligned(y, gain, bias);
    const auto read = [=](int row, int first, float (&values)[Held])
    {
        float other[Held];
        load_slice(x + (size_t)row * width, first, width, aligned, values);
        load_slice(residual + (size_t)row * width, first, width, aligned, other);
        drop_slice(values, rule, row, first, width);
#pragma unroll
        for (int k = 0; k < Held; k++) values[k] += other[k];
        if (sum) store_slice(sum + (size_t)row * width, first, width, aligned, values);
    };
    normalize_rows(read, gain, bias, epsilon, y, mean, inverse, rows, width, aligned);
}

template <class T>
NR_DEVICE void backward(
    const T* __restrict__ dy, const T* __restrict__ sum, const float* __restrict__ gain, const float* __restrict__ mean,
    const float* __restrict__ inverse, const dropout& rule, T* __restrict__ dx, T* __restrict__ dsum, float* __restrict__ parts,
    int rows, int width)
{
    const bool aligned = width % Four == 0 && are_aligned(dy, sum, gain) && are_aligned(dx, dsum, dsum);
    const auto write = [=](int row, int first, float (&values)[Held])
    {
        store_slice(dsum + (size_t)row * width, first, width, aligned, values);
        if (rule.threshold == 0) return;
        drop_slice(values, rule, row, first, width);
        store_slice(dx + (size_t)row * width, first, width, aligned, values);
    };
    backward_rows(dy, sum, gain, mean, inverse, write, parts, rows, width, aligned);
}

#define ENTRY_POINTS(T)                                                                                                      \
    extern "C" __global__ void __launch_bounds__(256) add_layer_norm_forward_##T(                                            \
        const T* x, const T* residual, const float* __restrict__ gain, const float* __restrict__ bias, float epsilon,        \
        unsigned threshold, float scale, NR_PHILOX_PARAMETERS, T* sum, T* y,                                                 \
        float* __restrict__ mean, float* __restrict__ inverse, int rows, int width)                                          \
    {                                                                                                                        \
        const dropout rule { threshold, scale, NR_PHILOX };                                                                  \
        forward(x, residual, gain, bias, epsilon, rule, sum, y, mean, inverse, rows, width);                                 \
    }                                                                                                                        \
    extern "C" __global__ void __launch_bounds__(256) add_layer_norm_backward_##T(                                           \
        const T* __restrict__ dy, const T* __restrict__ sum, const float* __restrict__ gain, const float* __restrict__ mean, \
        const float* __restrict__ inverse, unsigned threshold, float scale, NR_PHILOX_PARAMETERS, T* __restrict__ dx,        \
        T* __restrict__ dsum, float* __restrict__ parts, int rows,                                                           \
        int width)                                                                                                           \
    {                                                                                                                        \
        const dropout rule { threshold, scale, NR_PHILOX };                                                                  \
        backward(dy, sum, gain, mean, inverse, rule, dx, dsum, parts, rows, width);                                          \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)

extern "C" __global__ void __launch_bounds__(256) add_layer_norm_parameters_f32(
    const float* __restrict__ parts, int count, int width, float* __restrict__ dgain, float* __restrict__ dbias)
{
    sum_parts(parts, count, width, dgain, dbias);
}
