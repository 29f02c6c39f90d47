// Rows of a layer norm, a warp each. A lane holds 32 of a row's values at a time, four neighbours after four: rows of up to 1024 values are
// read once, wider ones slice by slice and again for every pass over them.
//   Reader: (row, first, values) reads the lane's values of the slice that begins at column `first`, 0 behind the row's end.
#pragma once
#include "common/storage.cuh"
#include "common/reduce.cuh"

constexpr int Held = 32, Slice = 32 * Held, Warps = 8, Four = 4;

// The column, counted from the slice's first, of the lane's value k, the first of four; lanes have neighbours.
NR_DEVICE int column_of(int k) { return k * 32 + (threadIdx.x & 31) * Four; }

// The lane's four values of a row from `column` on, 0 behind the row's end.
template <class T>
NR_DEVICE void load_four(const T* row, int column, int width, bool aligned, float (&values)[Four])
{
    if (aligned && column < width) load_values(row + column, values);
    else
#pragma unroll
        for (int i = 0; i < Four; i++) values[i] = column + i < width ? to_float(row[column + i]) : 0.0f;
}

template <class T>
NR_DEVICE void load_slice(const T* row, int first, int width, bool aligned, float (&values)[Held])
{
#pragma unroll
    for (int k = 0; k < Held; k += Four)
    {
        float four[Four];
        load_four(row, first + column_of(k), width, aligned, four);
#pragma unroll
        for (int i = 0; i < Four; i++) values[k + i] = four[i];
    }
}

template <class T>
NR_DEVICE void store_slice(T* row, int first, int width, bool aligned, const float (&values)[Held])
{
#pragma unroll
    for (int k = 0; k < Held; k += Four)
    {
        const int column = first + column_of(k);
        const float four[Four] = { values[k], values[k + 1], values[k + 2], values[k + 3] };
        if (aligned && column < width) store_values(row + column, four);
        else
#pragma unroll
            for (int i = 0; i < Four; i++)
                if (column + i < width) store(row + column + i, four[i]);
    }
}

// aligned: rows of y, of what read reads, and both parameters begin at multiples of 16 bytes.
template <class T, class Reader>
NR_DEVICE void normalize_rows(
    Reader read, const float* __restrict__ gain, const float* __restrict__ bias, float epsilon, T* __restrict__ y,
    float* __restrict__ mean, float* __restrict__ inverse, int rows, int width, bool aligned)
{
    const bool wide = width > Slice;
    for (int row = blockIdx.x * Warps + (threadIdx.x >> 5); row < rows; row += gridDim.x * Warps)
    {
        float values[Held], sum = 0.0f, squares = 0.0f, centre = 0.0f, scale = 0.0f;
        // One loop, so that the reader's text is there once: it may draw a mask, which is long.
#pragma unroll 1
        for (int pass = 0; pass < 3; pass++)
        {
#pragma unroll 1
            for (int first = 0; first < width; first += Slice)
            {
                if (pass == 0 || wide) read(row, first, values);
                if (pass == 0)
#pragma unroll
                    for (int k = 0; k < Held; k++) sum += values[k];
                else if (pass == 1)
#pragma unroll
                    for (int k = 0; k < Held; k++)
                    {
                        const float deviation = values[k] - centre;
                        if (first + column_of(k / Four * Four) + k % Four < width) squares += deviation * deviation;
                    }
                else
                {
#pragma unroll
                    for (int k = 0; k < Held; k += Four)
                    {
                        const int column = first + column_of(k);
                        float gains[Four], biases[Four];
                        load_four(gain, column, width, aligned, gains);
                        load_four(bias, column, width, aligned, biases);
#pragma unroll
                        for (int i = 0; i < Four; i++) values[k + i] = (values[k + i] - centre) * scale * gains[i] + biases[i];
                    }
                    store_slice(y + (size_t)row * width, first, width, aligned, values);
                }
            }
            if (pass == 0) centre = warp_sum(sum) / width;
            if (pass == 1) scale = 1.0f / sqrtf(warp_sum(squares) / width + epsilon);
        }
        if ((threadIdx.x & 31) == 0)
        {
            mean[row] = centre;
            inverse[row] = scale;
        }
    }
}

// y[column] = sum of the block's warps' values, in their order; values of the slice that begins at `first`.
NR_DEVICE void sum_warps(const float (&values)[Held], int first, int width, float* __restrict__ y)
{
    __shared__ float sums[Warps][Slice];
    __syncthreads(); // an earlier sum may still be read
#pragma unroll
    for (int k = 0; k < Held; k += Four)
        *(float4*)&sums[threadIdx.x >> 5][column_of(k)] = make_float4(values[k], values[k + 1], values[k + 2], values[k + 3]);
    __syncthreads();
    for (int c = threadIdx.x; c < Slice && first + c < width; c += 32 * Warps)
    {
        float total = 0.0f;
#pragma unroll
        for (int warp = 0; warp < Warps; warp++) total += sums[warp][c];
        y[first + c] = total;
    }
}

// The rows of one block of several. write(row, first, values): the lane's values of dx. parts [2, width]: the block's sums of dgain and
// dbias, where it has any.
template <bool Sums, class T, class Writer>
NR_DEVICE void backward_rows(
    const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ mean,
    const float* __restrict__ inverse, Writer write, float* __restrict__ parts, int block, int blocks, int rows, int width, bool aligned)
{
    const bool wide = width > Slice;
    for (int first = 0; first < width; first += Slice) // a pass over all rows for each slice of columns
    {
        float dgain[Held] = {}, dbias[Held] = {};
        for (int row = block * Warps + (threadIdx.x >> 5); row < rows; row += blocks * Warps)
        {
            const float centre = mean[row], scale = inverse[row];
            float gradients[Held], normalized[Held], sum = 0.0f, dot = 0.0f;
            for (int slice = 0; slice < width; slice += Slice)
            {
                load_slice(dy + (size_t)row * width, slice, width, aligned, gradients);
                load_slice(x + (size_t)row * width, slice, width, aligned, normalized);
#pragma unroll
                for (int k = 0; k < Held; k += Four)
                {
                    float gains[Four];
                    load_four(gain, slice + column_of(k), width, aligned, gains);
#pragma unroll
                    for (int i = 0; i < Four; i++)
                    {
                        normalized[k + i] = (normalized[k + i] - centre) * scale;
                        sum += gradients[k + i] * gains[i]; // both are 0 behind the row's end
                        dot += gradients[k + i] * gains[i] * normalized[k + i];
                    }
                }
            }
            sum = warp_sum(sum) / width;
            dot = warp_sum(dot) / width;
            if (wide)
            {
                load_slice(dy + (size_t)row * width, first, width, aligned, gradients);
                load_slice(x + (size_t)row * width, first, width, aligned, normalized);
#pragma unroll
                for (int k = 0; k < Held; k++) normalized[k] = (normalized[k] - centre) * scale;
            }
#pragma unroll
            for (int k = 0; k < Held; k += Four)
            {
                float gains[Four];
                load_four(gain, first + column_of(k), width, aligned, gains);
#pragma unroll
                for (int i = 0; i < Four; i++)
                {
                    if constexpr (Sums)
                    {
                        dgain[k + i] += gradients[k + i] * normalized[k + i];
                        dbias[k + i] += gradients[k + i];
                    }
                    gradients[k + i] = scale * (gradients[k + i] * gains[i] - sum - normalized[k + i] * dot);
                }
            }
            write(row, first, gradients);
        }
        if constexpr (Sums)
        {
            sum_warps(dgain, first, width, parts);
            sum_warps(dbias, first, width, parts + width);
        }
    }
}

NR_DEVICE bool are_aligned(const void* a, const void* b, const void* c) { return is_aligned(a) && is_aligned(b) && is_aligned(c); }
