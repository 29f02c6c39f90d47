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
//   dgain     [width]            f32          dγ
//   dbias     [width]            f32          dβ
// mapping   forward as layer_norm.cu; backward: the first `columns` blocks of 256 sum 32 columns of dγ and dβ each over all rows, warps
//           over four rows at a time; the others take a warp per row. All read dy and s: rows of sentences lie in the L2 cache
// shared    forward none; backward static: 2 KiB
// numerics  s in f32 goes into the statistics, and is rounded to x's type for backward; the mask is drawn again there, the same as on
//           the CPU, bit for bit; sums as in layer_norm.cu, dγ and dβ over a lane's rows, then lanes, then warps: equal bits in every run
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

// The block's columns of dgain and dbias.
template <class T>
NR_DEVICE void sum_columns(
    const T* __restrict__ dy, const T* __restrict__ sum, const float* __restrict__ mean, const float* __restrict__ inverse,
    float* __restrict__ dgain, float* __restrict__ dbias, int rows, int width, bool aligned)
{
    constexpr int Lanes = 8, Columns = Lanes * Four, Rows = 32 / Lanes; // of a row; of a warp
    __shared__ float sums[2][Warps][Columns];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = blockIdx.x * Columns, column = first + lane % Lanes * Four;
    float gains[Four] = {}, biases[Four] = {};
#pragma unroll 4
    for (int row = warp * Rows + lane / Lanes; row < rows; row += Warps * Rows)
    {
        float gradients[Four], values[Four];
        load_four(dy + (size_t)row * width, column, width, aligned, gradients);
        load_four(sum + (size_t)row * width, column, width, aligned, values);
        const float centre = mean[row], scale = inverse[row];
#pragma unroll
        for (int i = 0; i < Four; i++)
        {
            gains[i] += gradients[i] * ((values[i] - centre) * scale);
            biases[i] += gradients[i];
        }
    }
#pragma unroll
    for (int i = 0; i < Four; i++)
#pragma unroll
        for (int distance = 16; distance >= Lanes; distance /= 2)
        {
            gains[i] += __shfl_xor_sync(0xffffffffu, gains[i], distance);
            biases[i] += __shfl_xor_sync(0xffffffffu, biases[i], distance);
        }
    if (lane < Lanes)
    {
        *(float4*)&sums[0][warp][lane * Four] = make_float4(gains[0], gains[1], gains[2], gains[3]);
        *(float4*)&sums[1][warp][lane * Four] = make_float4(biases[0], biases[1], biases[2], biases[3]);
    }
    __syncthreads();
    const int which = threadIdx.x / Columns, place = threadIdx.x % Columns;
    if (which > 1 || first + place >= width) return;
    float total = 0.0f;
#pragma unroll
    for (int other = 0; other < Warps; other++) total += sums[which][other][place];
    (which == 0 ? dgain : dbias)[first + place] = total;
}

template <class T>
NR_DEVICE void backward(
    const T* __restrict__ dy, const T* __restrict__ sum, const float* __restrict__ gain, const float* __restrict__ mean,
    const float* __restrict__ inverse, const dropout& rule, T* __restrict__ dx, T* __restrict__ dsum, float* __restrict__ dgain,
    float* __restrict__ dbias, int columns, int rows, int width)
{
    const bool aligned = width % Four == 0 && are_aligned(dy, sum, gain) && are_aligned(dx, dsum, dsum);
    if ((int)blockIdx.x < columns)
    {
        sum_columns(dy, sum, mean, inverse, dgain, dbias, rows, width, aligned);
        return;
    }
    const auto write = [=](int row, int first, float (&values)[Held])
    {
        store_slice(dsum + (size_t)row * width, first, width, aligned, values);
        if (rule.threshold == 0) return;
        drop_slice(values, rule, row, first, width);
        store_slice(dx + (size_t)row * width, first, width, aligned, values);
    };
    backward_rows<false>(
        dy, sum, gain, mean, inverse, write, nullptr, blockIdx.x - columns, gridDim.x - columns, rows, width, aligned);
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
        T* __restrict__ dsum, float* __restrict__ dgain, float* __restrict__ dbias, int columns, int rows, int width)        \
    {                                                                                                                        \
        const dropout rule { threshold, scale, NR_PHILOX };                                                                  \
        backward(dy, sum, gain, mean, inverse, rule, dx, dsum, dgain, dbias, columns, rows, width);                          \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
