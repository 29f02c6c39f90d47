// Sums over the rows of a matrix: each part of the rows by a block of its own, then the parts in their order. Equal bits in every run.
//   x  [rows, width]  f32 or bf16  row-major
//   Writer: (column, total) takes the sum of the part's rows in a column
// A block of 256 threads: lanes over 32 packs of columns (blockIdx.x), warps over the rows of its part (blockIdx.y), summed in order.
#pragma once
#include "common/storage.cuh"

template <class T, class Writer>
NR_DEVICE void sum_rows(const T* __restrict__ x, int rows, int width, int rows_per_part, Writer write)
{
    constexpr int Size = pack<T>::Size, Warps = 8, Columns = 32 * Size;
    __shared__ float sums[Warps][Columns];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = blockIdx.x * Columns, column = first + lane * Size;
    const int end = min(rows, (int)(blockIdx.y + 1) * rows_per_part);
    const bool aligned = is_aligned(x) && width % Size == 0;
    float sum[Size] = {};
    if (column < width)
#pragma unroll 4
        for (int row = blockIdx.y * rows_per_part + warp; row < end; row += Warps)
        {
            const T* const source = x + (size_t)row * width + column;
            if (aligned)
            {
                const pack<T> values = load_pack(source);
#pragma unroll
                for (int k = 0; k < Size; k++) sum[k] += values.values[k];
            }
            else
#pragma unroll
                for (int k = 0; k < Size; k++) sum[k] += column + k < width ? to_float(source[k]) : 0.0f;
        }
#pragma unroll
    for (int k = 0; k < Size; k += 4) *(float4*)&sums[warp][lane * Size + k] = make_float4(sum[k], sum[k + 1], sum[k + 2], sum[k + 3]);
    __syncthreads();
    for (int c = threadIdx.x; c < Columns && first + c < width; c += 32 * Warps)
    {
        float total = 0.0f;
#pragma unroll
        for (int other = 0; other < Warps; other++) total += sums[other][c];
        write(first + c, total);
    }
}
