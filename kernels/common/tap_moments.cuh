// Sums of the taps of a k x k convolution over real pixels, and of the products of two of them. Tensors and method: conv2d_batch_norm.cu.
#pragma once
#include "common/frames.cuh"

// Place of Σ x[. + i]·x[. + j] among the moments of `taps` taps, in either order.
NR_DEVICE int product_place(int i, int j, int taps)
{
    const int low = min(i, j), high = max(i, j);
    return taps + low * taps - low * (low - 1) / 2 + high - low;
}

// The products of a column with those at most k − 1 rows and columns away, summed over rows.
template <int k>
struct lagged_sums
{
    static constexpr int Lags = k + (k - 1) * (2 * k - 1), Count = Lags + 1, Reach = 2 * k - 1;
    double values[Count]; // the last one: Σ x

    // Rows apart (0 .. k − 1) and columns apart (−(k − 1) .. k − 1; 0 .. k − 1 in the same row).
    static NR_DEVICE int place(int rows, int columns) { return rows == 0 ? columns : k + (rows - 1) * Reach + columns + k - 1; }

    NR_DEVICE void of(const float* __restrict__ x, int column, int first, int last, int frames, int width)
    {
        double window[k][Reach];
#pragma unroll
        for (int q = 0; q < Count; q++) values[q] = 0.0;
#pragma unroll
        for (int row = 0; row < k - 1; row++) load(window[row], x, column, first + row, frames, width);
        for (int row = first; row < last; row++)
        {
            load(window[k - 1], x, column, row + k - 1, frames, width);
            const double own = window[0][k - 1];
            values[Lags] += own;
#pragma unroll
            for (int apart = 0; apart < k; apart++)
#pragma unroll
                for (int e = apart == 0 ? 0 : 1 - k; e < k; e++) values[place(apart, e)] += own * window[apart][e + k - 1];
#pragma unroll
            for (int apart = 0; apart < k - 1; apart++)
#pragma unroll
                for (int e = 0; e < Reach; e++) window[apart][e] = window[apart + 1][e];
        }
    }

    static NR_DEVICE void load(double (&values)[Reach], const float* __restrict__ x, int column, int row, int frames, int width)
    {
#pragma unroll
        for (int e = 0; e < Reach; e++)
        {
            const int at = column + e - (k - 1);
            values[e] = row < frames && at >= 0 && at < width ? x[(size_t)row * width + at] : 0.0f;
        }
    }
};

template <int k>
NR_DEVICE void moments(const float* __restrict__ x, const int* __restrict__ lengths, double* __restrict__ partials, int frames, int width,
    int rows)
{
    constexpr int Border = k / 2, Taps = k * k, Moments = Taps + Taps * (Taps + 1) / 2, Warps = 8;
    __shared__ double columns[lagged_sums<k>::Count][33], totals[Moments]; // 33: rows lie in different banks
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, tiles = (width + 31) / 32;
    const int chunk = blockIdx.x / tiles, left = blockIdx.x % tiles * 32, own = own_frames(lengths, blockIdx.y, frames);
    x += (size_t)blockIdx.y * frames * width;
    for (int i = threadIdx.x; i < Moments; i += blockDim.x) totals[i] = 0.0;

    // Rows of x that are a tap of some real pixel.
    const int end = min((chunk + 1) * rows, own > 0 ? min(own + Border, frames) : 0);
    for (int first = chunk * rows, last; first < end; first = last)
    {
        // Rows that are every tap, or one row and its taps of real pixels.
        last = first >= Border && first < own - Border ? min(end, own - Border) : first + 1;
        const int lowest = max(0, first + Border - own + 1), highest = min(k - 1, first + Border);
        const int part = (last - first + Warps - 1) / Warps, begin = min(last, first + warp * part);
        lagged_sums<k> sums;
        sums.of(x, left + lane, begin, min(last, begin + part), frames, width);
        for (int turn = 0; turn < Warps; turn++)
        {
            if (warp == turn)
#pragma unroll
                for (int q = 0; q < lagged_sums<k>::Count; q++) columns[q][lane] = (turn == 0 ? 0.0 : columns[q][lane]) + sums.values[q];
            __syncthreads();
        }
        for (int i = threadIdx.x; i < Moments; i += blockDim.x)
        {
            int tap = i, other = i, place = lagged_sums<k>::Lags;
            if (i >= Taps)
            {
                int rest = i - Taps;
                for (tap = 0; rest >= Taps - tap; tap++) rest -= Taps - tap;
                other = tap + rest;
                place = lagged_sums<k>::place(other / k - tap / k, other % k - tap % k);
            }
            if (tap / k < lowest || tap / k > highest) continue;
            // Columns that are this tap of a pixel.
            const int shift = tap % k - Border - left;
            double sum = 0.0;
            for (int at = max(0, shift); at < min(32, width + shift); at++) sum += columns[place][at];
            totals[i] += sum;
        }
        __syncthreads();
    }
    __syncthreads();
    double* const target = partials + ((size_t)blockIdx.y * gridDim.x + blockIdx.x) * Moments;
    for (int i = threadIdx.x; i < Moments; i += blockDim.x) target[i] = totals[i];
}
