// Tiles of queries, keys and values in shared memory, and their products on the tensor cores: what attention among few tokens is made of,
// those of a short sentence or of a window. Rows of a tile are four floats apart from a multiple of 8 (stride = the width in whole 8 and 4
// more). A warp has 16 queries and up to 8·Most keys.
#pragma once
#include "common/async_copy.cuh"
#include "common/storage.cuh"
#include "common/tensor_core.cuh"

// Tokens of a warp and most tokens of a block; a tile is the 8 keys of one product.
constexpr int Rows = 16, MostTokens = 128, MostTiles = MostTokens / 8;

// Columns that a warp sums at a time where both operands come from shared memory.
constexpr int Columns = 8;

// A pack of a tile, of which the first `count` values are there and the others zeros; aligned: all or none of a pack are there, and its
// address is a multiple of 16. Call finish_loading before it is read.
template <class T>
NR_DEVICE void load_into_tile(const T* source, int count, bool aligned, float* target)
{
    constexpr int Size = pack<T>::Size;
    if (count > 0 && aligned)
    {
        if constexpr (sizeof(T) == 4) nr_copy_async16(target, source);
        else
        {
            float values[Size];
            load_values(source, values);
            store_values(target, values);
        }
    }
    else
    {
        float values[Size] = {};
#pragma unroll
        for (int i = 0; i < Size; i++)
            if (i < count) values[i] = to_float(source[i]);
        store_values(target, values);
    }
}

// tile[r, d] = x[r, d], zeros behind the sentence's last row and behind the width; by the whole block. x: the head's values in the
// sentence's first row. Call finish_loading before the tile is read.
template <class T>
NR_DEVICE void load_tile(const T* __restrict__ x, size_t row_stride, int length, int rows, int width, int stride, float* tile)
{
    constexpr int Size = pack<T>::Size;
    const int per_row = (stride - 4) / Size, column = threadIdx.x % per_row * Size, step = blockDim.x / per_row;
    const bool aligned = is_aligned(x) && row_stride % Size == 0 && width % Size == 0;
    if ((int)threadIdx.x >= step * per_row) return;
    int r = threadIdx.x / per_row;
    if (aligned && column < width)
    {
#pragma unroll 4
        for (; r < length; r += step) load_into_tile(x + r * row_stride + column, Size, true, tile + r * stride + column);
    }
#pragma unroll 1
    for (; r < rows; r += step) // zeros, and what begins anywhere
        load_into_tile(x + r * row_stride + column, r < length ? width - column : 0, false, tile + r * stride + column);
}

NR_DEVICE void finish_loading()
{
    nr_copy_async_commit();
    nr_copy_async_wait<0>();
    __syncthreads();
}

// y[r, d] = tile[r, d], by one warp.
template <class T>
NR_DEVICE void store_tile(const float* tile, int rows, int width, int stride, T* __restrict__ y, size_t row_stride)
{
    constexpr int Size = pack<T>::Size;
    const int lane = threadIdx.x & 31, per_row = (width + Size - 1) / Size;
    const bool aligned = is_aligned(y) && row_stride % Size == 0 && width % Size == 0;
    for (int i = lane; i < rows * per_row; i += 32)
    {
        const int r = i / per_row, d = i % per_row * Size;
        const float* const source = tile + r * stride + d;
        T* const target = y + r * row_stride + d;
        if (aligned)
        {
            float values[Size];
            load_values(source, values);
            store_values(target, values);
        }
        else
            for (int k = 0; k < Size && d + k < width; k++) store(target + k, source[k]);
    }
}

// d[16 rows of a, 8 rows of b for each tile] = a·bᵀ. Rows are four floats apart from a multiple of 8: the lanes of a load read 32 banks.
template <bool Exact, int Most>
NR_DEVICE void rows_by_rows(const float* a, const float* b, int stride, int tiles, float (&d)[Most][4])
{
    const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
#pragma unroll
    for (int n = 0; n < Most; n++) d[n][0] = d[n][1] = d[n][2] = d[n][3] = 0.0f;
    for (int k = 0; k < stride - 4; k += 8)
    {
        const float* const left = a + g * stride + k + t;
        const operand<Exact, 4> x({ left[0], left[8 * stride], left[4], left[8 * stride + 4] });
#pragma unroll
        for (int n = 0; n < Most; n++)
            if (n < tiles)
            {
                const float* const right = b + (n * 8 + g) * stride + k + t;
                multiply(d[n], x, operand<Exact, 2>({ right[0], right[4] }));
            }
    }
}

// y[16 rows, d] = Σ_keys weights[row, key]·x[key, d]. The lane's weights are of keys 2t and 2t + 1 where the product wants t and
// t + 4: both operands take the keys in that order.
template <bool Exact, int Most>
NR_DEVICE void weighted_rows(const float (&weights)[Most][4], const float* x, int stride, int tiles, float* y)
{
    const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
    for (int column = 0; column < stride - 4; column += 8)
    {
        float sum[4] = {};
#pragma unroll
        for (int n = 0; n < Most; n++)
            if (n < tiles)
            {
                const float* const right = x + (n * 8 + 2 * t) * stride + column + g;
                multiply(sum, operand<Exact, 4>({ weights[n][0], weights[n][2], weights[n][1], weights[n][3] }),
                    operand<Exact, 2>({ right[0], right[stride] }));
            }
        float* const target = y + g * stride + column + 2 * t;
        *(float2*)target = make_float2(sum[0], sum[1]);
        *(float2*)(target + 8 * stride) = make_float2(sum[2], sum[3]);
    }
}

// y[16 keys, d] = Σ_queries weights[query, key]·x[query, d], weights at the warp's first key.
template <bool Exact>
NR_DEVICE void weighted_queries(const float* weights, int weight_stride, const float* x, int stride, int queries, float* y)
{
    const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3, width = stride - 4;
    for (int first = 0; first < width; first += Columns * 8)
    {
        float sums[Columns][4] = {};
        for (int query = 0; query < queries; query += 8)
        {
            const float* const left = weights + (query + 2 * t) * weight_stride + g;
            const operand<Exact, 4> a({ left[0], left[8], left[weight_stride], left[weight_stride + 8] });
            const float* const right = x + (query + 2 * t) * stride + first + g;
#pragma unroll
            for (int n = 0; n < Columns; n++)
                if (first + n * 8 < width) multiply(sums[n], a, operand<Exact, 2>({ right[n * 8], right[n * 8 + stride] }));
        }
#pragma unroll
        for (int n = 0; n < Columns; n++)
            if (first + n * 8 < width)
            {
                float* const target = y + g * stride + first + n * 8 + 2 * t;
                *(float2*)target = make_float2(sums[n][0], sums[n][1]);
                *(float2*)(target + 8 * stride) = make_float2(sums[n][2], sums[n][3]);
            }
    }
}

// The same with values of T. exact: three products for f32; bf16 values lose nothing in one. Chosen here, around the products alone, so
// that the rest of a kernel is compiled once.
template <class T>
constexpr bool is_f32 = sizeof(T) == 4;

template <class T, int Most>
NR_DEVICE void rows_by_rows(int exact, const float* a, const float* b, int stride, int tiles, float (&d)[Most][4])
{
    if (is_f32<T> && exact) rows_by_rows<is_f32<T>>(a, b, stride, tiles, d);
    else rows_by_rows<false>(a, b, stride, tiles, d);
}

template <class T, int Most>
NR_DEVICE void weighted_rows(int exact, const float (&weights)[Most][4], const float* x, int stride, int tiles, float* y)
{
    if (is_f32<T> && exact) weighted_rows<is_f32<T>>(weights, x, stride, tiles, y);
    else weighted_rows<false>(weights, x, stride, tiles, y);
}

template <class T>
NR_DEVICE void weighted_queries(int exact, const float* weights, int weight_stride, const float* x, int stride, int queries, float* y)
{
    if (is_f32<T> && exact) weighted_queries<is_f32<T>>(weights, weight_stride, x, stride, queries, y);
    else weighted_queries<false>(weights, weight_stride, x, stride, queries, y);
}

// The four lanes that share a row.
NR_DEVICE float quad_sum(float value)
{
    value += __shfl_xor_sync(0xffffffffu, value, 1);
    return value + __shfl_xor_sync(0xffffffffu, value, 2);
}

NR_DEVICE float quad_max(float value)
{
    value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 1));
    return fmaxf(value, __shfl_xor_sync(0xffffffffu, value, 2));
}

// Scores to weights: each row's soft-max over its first `keys` entries, 0 behind them.
template <int Most>
NR_DEVICE void soft_max(float (&d)[Most][4], int tiles, int keys, float scale)
{
    const int t = threadIdx.x & 3;
#pragma unroll
    for (int half = 0; half < 4; half += 2)
    {
        float largest = __int_as_float(0xff800000), sum = 0.0f;
#pragma unroll
        for (int n = 0; n < Most; n++)
#pragma unroll
            for (int e = 0; e < 2; e++)
                if (n < tiles && n * 8 + 2 * t + e < keys) largest = fmaxf(largest, d[n][half + e]);
        largest = quad_max(largest);
#pragma unroll
        for (int n = 0; n < Most; n++)
#pragma unroll
            for (int e = 0; e < 2; e++)
                if (n < tiles)
                {
                    d[n][half + e] = n * 8 + 2 * t + e < keys ? expf((d[n][half + e] - largest) * scale) : 0.0f;
                    sum += d[n][half + e];
                }
        const float inverse = 1.0f / quad_sum(sum);
#pragma unroll
        for (int n = 0; n < Most; n++)
        {
            d[n][half] *= inverse;
            d[n][half + 1] *= inverse;
        }
    }
}

// weights [16 queries of this warp, keys] to its rows of a matrix in shared memory.
template <int Most>
NR_DEVICE void put_rows(const float (&weights)[Most][4], int tiles, int stride, float* y)
{
    const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
#pragma unroll
    for (int n = 0; n < Most; n++)
        if (n < tiles)
        {
            *(float2*)(y + g * stride + n * 8 + 2 * t) = make_float2(weights[n][0], weights[n][1]);
            *(float2*)(y + (g + 8) * stride + n * 8 + 2 * t) = make_float2(weights[n][2], weights[n][3]);
        }
}
