// A convolution of one channel with its batch norm in tiles of 8 rows x 64 columns of pixels: its kernels folded with the norm, the tile
// of the input with its border, and values of neighbouring pixels. Formulas, tensors and numerics: conv2d_batch_norm.cu.
#pragma once
#include "common/storage.cuh"

constexpr int TileRows = 8, TileColumns = 64, Stride = TileColumns + 4, Lanes = 16, MostChannels = 64, LaneStride = 20;

// The kernels of a share of channels times γ·s, [taps, 68], and what is added to their sums. Channels that do not exist have zeros. Without
// a norm (γ null) kernels stay as they are, and β alone is added.
template <int k>
struct folded
{
    __align__(16) float kernels[k * k][MostChannels + 4]; // taps of a channel are written to different banks
    float shift[MostChannels];

    NR_DEVICE void load(const float* __restrict__ source, const float* __restrict__ weight, const float* __restrict__ bias,
        const float* __restrict__ mean, const float* __restrict__ inverse, int first, int count, int channels)
    {
        for (int i = threadIdx.x; i < count * k * k; i += blockDim.x)
        {
            const int channel = first + i / (k * k);
            const float factor = channel >= channels ? 0.0f : weight ? weight[channel] * inverse[channel] : 1.0f;
            kernels[i % (k * k)][i / (k * k)] = channel < channels ? source[(size_t)first * k * k + i] * factor : 0.0f;
        }
        for (int i = threadIdx.x; i < count; i += blockDim.x)
        {
            const int channel = first + i;
            const float moved = channel < channels && weight ? mean[channel] * (weight[channel] * inverse[channel]) : 0.0f;
            shift[i] = channel < channels ? bias[channel] - moved : 0.0f;
        }
    }
};

// A tile of 8 rows × 64 columns of pixels, tile after tile of a clip's rows.
struct pixel_tile
{
    int clip, row, column;
    NR_DEVICE pixel_tile(int i, int frames, int width)
    {
        const int across = (width + TileColumns - 1) / TileColumns, down = (frames + TileRows - 1) / TileRows;
        column = i % across * TileColumns;
        row = i / across % down * TileRows;
        clip = i / (across * down);
    }
};

// x around a tile.
template <int k>
struct input_tile
{
    __align__(16) float values[TileRows + k - 1][Stride];

    NR_DEVICE void load(const float* __restrict__ x, const pixel_tile& tile, int frames, int width)
    {
        x += (size_t)tile.clip * frames * width;
        for (int i = threadIdx.x; i < (TileRows + k - 1) * Stride; i += blockDim.x)
        {
            const int r = i / Stride, c = i % Stride, row = tile.row + r - k / 2, column = tile.column + c - k / 2;
            values[r][c] = row >= 0 && row < frames && column >= 0 && column < width ? x[(size_t)row * width + column] : 0.0f;
        }
    }

    // The taps of a row for `pixels` neighbours from a column that is a multiple of 4.
    template <int pixels>
    NR_DEVICE void taps(float (&target)[pixels + k - 1], int row, int column) const
    {
#pragma unroll
        for (int i = 0; i < pixels + k - 1; i += 4)
        {
            const float4 four = *(const float4*)&values[row][column + i];
            const float word[4] = { four.x, four.y, four.z, four.w };
#pragma unroll
            for (int j = 0; j < 4 && i + j < pixels + k - 1; j++) target[i + j] = word[j];
        }
    }
};

// Normalised z of neighbouring pixels of a tile's row, for `size` channels.
template <int k, int pixels, int size>
NR_DEVICE void normalised(float (&values)[pixels][size], const folded<k>& kernels, const input_tile<k>& input, int row, int column,
    int channel)
{
    float shift[size];
    load_channels(&kernels.shift[channel], shift);
#pragma unroll
    for (int i = 0; i < pixels; i++)
#pragma unroll
        for (int c = 0; c < size; c++) values[i][c] = shift[c];
#pragma unroll 1
    for (int a = 0; a < k; a++)
    {
        float taps[pixels + k - 1];
        input.template taps<pixels>(taps, row + a, column);
#pragma unroll
        for (int b = 0; b < k; b++)
        {
            float w[size];
            load_channels(&kernels.kernels[a * k + b][channel], w);
#pragma unroll
            for (int i = 0; i < pixels; i++)
#pragma unroll
                for (int c = 0; c < size; c++) values[i][c] = fmaf(w[c], taps[i + b], values[i][c]);
        }
    }
}
