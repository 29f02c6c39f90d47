// Gradients of a convolution of one channel with its batch norm: one pass over dy, and the gradient of the input. Formulas, tensors and
// numerics: conv2d_batch_norm.cu.
#pragma once
#include "common/frames.cuh"
#include "common/tap_tiles.cuh"

// Sums of `count` values over 16 lanes, half of them at a time: each lane is left with one sum, that of value place_of_sum(), or with none
// (−1). All lanes of the warp call.
template <int count, int step = Lanes / 2>
NR_DEVICE float sum_of_lane(float (&values)[count])
{
    constexpr int Half = (count + 1) / 2;
    const bool upper = threadIdx.x & step;
    float halves[Half];
#pragma unroll
    for (int i = 0; i < Half; i++)
    {
        const float other = i + Half < count ? values[i + Half < count ? i + Half : 0] : 0.0f;
        halves[i] = (upper ? other : values[i]) + __shfl_xor_sync(0xffffffffu, upper ? values[i] : other, step);
    }
    if constexpr (step > 1) return sum_of_lane<Half, step / 2>(halves);
    else return halves[0];
}

NR_DEVICE int place_of_sum(int count)
{
    int place = 0, half = count;
    for (int step = Lanes / 2; step > 0; step /= 2)
    {
        half = (half + 1) / 2;
        const bool upper = threadIdx.x & step;
        if (upper) place += half;
        count = upper ? count - half : min(count, half);
    }
    return count > 0 ? place : -1;
}

template <int k>
struct gradient_memory
{
    static constexpr int Pixels = k == 3 ? 8 : 4, Strips = TileColumns / Pixels, Reach = Pixels + k - 1;
    static constexpr int StripStride = TileRows * Strips + 32 / Pixels; // neighbouring pixels of neighbouring strips: different banks
    double sums[k * k + 1][4 * LaneStride]; // the first channels of the lanes side by side, then the second ones
    folded<k> fold;
    input_tile<k> input;
    float strips[k][Reach][StripStride]; // wᵀ ∗ γ·s·dv of a strip's pixels, row of taps after row
};

template <class T, int k, int size>
NR_DEVICE void gradient(const T* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ kernels,
    const float* __restrict__ weight, const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse,
    const int* __restrict__ lengths, int relu, double* __restrict__ partials, float* __restrict__ spread, int clips, int frames, int width,
    int channels, gradient_memory<k>& memory)
{
    typedef gradient_memory<k> sizes;
    constexpr int Taps = k * k, Pixels = sizes::Pixels, Strips = sizes::Strips, Reach = sizes::Reach, Warps = 4;
    constexpr int Rows = TileRows + k - 1, Columns = TileColumns + k - 1;
    const int share = blockIdx.y * Lanes * size, channel = threadIdx.x % Lanes * size, warp = threadIdx.x / 32;
    const int tiles = clips * ((frames + TileRows - 1) / TileRows) * ((width + TileColumns - 1) / TileColumns);
    const int place = place_of_sum(Reach);
    const bool exists = share + channel < channels;
    memory.fold.load(kernels, weight, bias, mean, inverse, share, Lanes * size, channels);
    for (int i = threadIdx.x; i < (Taps + 1) * 4 * LaneStride; i += blockDim.x)
        memory.sums[i / (4 * LaneStride)][i % (4 * LaneStride)] = 0.0;
    for (int i = blockIdx.x; i < tiles; i += gridDim.x)
    {
        const pixel_tile tile(i, frames, width);
        const int own = own_frames(lengths, tile.clip, frames);
        __syncthreads(); // the tile before may still be read
        memory.input.load(x, tile, frames, width);
        __syncthreads();
        float along[Taps + 1][size] = {};
        for (int strip = threadIdx.x / Lanes; strip < TileRows * Strips; strip += blockDim.x / Lanes)
        {
            const int row = strip / Strips, first = strip % Strips * Pixels;
            const bool real = exists && tile.row + row < own;
            float dv[Pixels][size] = {};
            if (real)
            {
                unsigned passes = 0xffffffffu; // a bit per value: registers are short
                if (relu)
                {
                    float values[Pixels][size];
                    normalised<k, Pixels, size>(values, memory.fold, memory.input, row, first, channel);
                    passes = 0;
#pragma unroll
                    for (int p = 0; p < Pixels; p++)
#pragma unroll
                        for (int c = 0; c < size; c++) passes |= values[p][c] > 0.0f ? 1u << (p * size + c) : 0u;
                }
                const T* const source =
                    dy + (((size_t)tile.clip * frames + tile.row + row) * width + tile.column + first) * channels + share + channel;
#pragma unroll
                for (int p = 0; p < Pixels; p++)
                {
                    if (tile.column + first + p < width) load_channels(source + (size_t)p * channels, dv[p]);
#pragma unroll
                    for (int c = 0; c < size; c++)
                    {
                        dv[p][c] = passes >> (p * size + c) & 1 ? dv[p][c] : 0.0f;
                        along[Taps][c] += dv[p][c];
                    }
                }
            }
#pragma unroll
            for (int a = 0; a < k; a++)
            {
                float sums[Reach] = {};
                if (real)
                {
                    float taps[Reach];
                    memory.input.template taps<Pixels>(taps, row + a, first);
#pragma unroll
                    for (int b = 0; b < k; b++)
                    {
                        float w[size];
                        load_channels(&memory.fold.kernels[a * k + b][channel], w);
#pragma unroll
                        for (int p = 0; p < Pixels; p++)
#pragma unroll
                            for (int c = 0; c < size; c++)
                            {
                                along[a * k + b][c] = fmaf(dv[p][c], taps[p + b], along[a * k + b][c]);
                                sums[p + b] = fmaf(dv[p][c], w[c], sums[p + b]);
                            }
                    }
                }
                if (!spread) continue;
                const float sum = sum_of_lane(sums);
                if (place >= 0) memory.strips[a][place][strip] = sum;
            }
        }

        // Both halves of a warp have the same channels; the warps add one after the other.
#pragma unroll
        for (int t = 0; t <= Taps; t++)
#pragma unroll
            for (int c = 0; c < size; c++) along[t][c] += __shfl_xor_sync(0xffffffffu, along[t][c], Lanes);
        for (int turn = 0; turn < Warps; turn++)
        {
            __syncthreads();
            if (warp == turn && threadIdx.x % 32 < Lanes)
#pragma unroll
                for (int t = 0; t <= Taps; t++)
#pragma unroll
                    for (int c = 0; c < size; c++) memory.sums[t][c * LaneStride + threadIdx.x % Lanes] += (double)along[t][c];
        }
        if (!spread) continue;
        float* const target = spread + ((size_t)blockIdx.y * tiles + i) * (Rows * Columns);
        for (int at = threadIdx.x; at < Rows * Columns; at += blockDim.x)
        {
            const int row = at / Columns, column = at % Columns, last = min(column / Pixels, Strips - 1);
            float sum = 0.0f;
#pragma unroll
            for (int a = 0; a < k; a++)
            {
                if (row - a < 0 || row - a >= TileRows) continue;
                const int strips = (row - a) * Strips;
                if (column - last * Pixels < Reach) sum += memory.strips[a][column - last * Pixels][strips + last];
                if (last > 0 && column - (last - 1) * Pixels < Reach)
                    sum += memory.strips[a][column - (last - 1) * Pixels][strips + last - 1];
            }
            target[at] = sum;
        }
    }
    __syncthreads();
    double* const target = partials + (size_t)blockIdx.x * (Taps + 1) * channels;
    for (int i = threadIdx.x; i < (Taps + 1) * Lanes * size; i += blockDim.x)
    {
        const int t = i / (Lanes * size), c = i % (Lanes * size);
        if (share + c < channels) target[(size_t)t * channels + share + c] = memory.sums[t][c % size * LaneStride + c / size];
    }
}

// form null: running statistics.
template <int k>
NR_DEVICE void input(const float* __restrict__ spread, const float* __restrict__ form, const float* __restrict__ x,
    const int* __restrict__ lengths, float* __restrict__ dx, int clips, int frames, int width, int shares)
{
    constexpr int Border = k / 2, Taps = k * k, Reach = 2 * k - 1, Block = 32, Padded = (Taps + 4) / 4 * 4;
    constexpr int Rows = TileRows + k - 1, Columns = TileColumns + k - 1;
    __shared__ float values[TileRows + Reach - 1][Block + Reach - 1];
    __align__(16) __shared__ float q[Taps][Padded];
    const int across = (width + Block - 1) / Block, down = (frames + TileRows - 1) / TileRows;
    const int left = blockIdx.x % across * Block, top = blockIdx.x / across % down * TileRows, clip = blockIdx.x / (across * down);
    const size_t first = (size_t)clip * frames * width;
    if (form)
    {
        for (int i = threadIdx.x; i < Taps * (Taps + 1); i += blockDim.x) q[i / (Taps + 1)][i % (Taps + 1)] = form[i];
        for (int i = threadIdx.x; i < (TileRows + Reach - 1) * (Block + Reach - 1); i += blockDim.x)
        {
            const int r = i / (Block + Reach - 1), c = i % (Block + Reach - 1), row = top + r - (k - 1), column = left + c - (k - 1);
            values[r][c] = row >= 0 && row < frames && column >= 0 && column < width ? x[first + (size_t)row * width + column] : 0.0f;
        }
        __syncthreads();
    }
    const int r = threadIdx.x / Block, c = threadIdx.x % Block, row = top + r, column = left + c;
    if (row >= frames || column >= width) return;

    // The tiles of pixels whose border, or inside, this is.
    const int tile_columns = (width + TileColumns - 1) / TileColumns, tiles = clips * down * tile_columns;
    float sum = 0.0f;
    for (int share = 0; share < shares; share++)
        for (int i = max(0, row / TileRows - 1); i <= min(down - 1, row / TileRows + 1); i++)
            for (int j = max(0, column / TileColumns - 1); j <= min(tile_columns - 1, column / TileColumns + 1); j++)
            {
                const int inside = row - i * TileRows + Border, beside = column - j * TileColumns + Border;
                if (inside < 0 || inside >= Rows || beside < 0 || beside >= Columns) continue;
                const size_t tile = (size_t)share * tiles + ((size_t)clip * down + i) * tile_columns + j;
                sum += spread[tile * (Rows * Columns) + inside * Columns + beside];
            }

    if (form)
    {
        const int own = own_frames(lengths, clip, frames);
        float window[Reach][Reach];
#pragma unroll
        for (int i = 0; i < Reach; i++)
#pragma unroll
            for (int j = 0; j < Reach; j++) window[i][j] = values[r + i][c + j];
#pragma unroll
        for (int a = 0; a < k; a++)
#pragma unroll
            for (int b = 0; b < k; b++)
            {
                const int pixel_row = row - a + Border, pixel_column = column - b + Border;
                float part = q[a * k + b][Taps];
#pragma unroll
                for (int t = 0; t < Taps; t++) part = fmaf(q[a * k + b][t], window[t / k - a + k - 1][t % k - b + k - 1], part);
                if (pixel_row >= 0 && pixel_row < own && pixel_column >= 0 && pixel_column < width) sum += part;
            }
    }
    dx[first + (size_t)row * width + column] = sum;
}
