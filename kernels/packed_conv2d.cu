// weight: y[o, i] = x[o, i] · scale[o]: filters with the scale of a batch norm folded in
//   x        [filters, width]               f32  row-major
//   scale    [filters]                      f32
//   y        [filters, width]               f32  row-major
// filters, input, output: a 3 × 3 convolution in tiles of 2 × 2 pixels by 16 products instead of 36 (Winograd's F(2 × 2, 3 × 3)):
// u[f] = (G·w·Gᵀ)[f] of each filter and channel, v[f] = (Bᵀ·x·B)[f] of the 4 × 4 pixels under a tile, sums[f] = v[f]·u[f]ᵀ over channels
// by the library, y = max(Aᵀ·sums·A + bias + summand, 0) where relu is set
//   w        [outputs, 3, 3, channels]      f32
//   u        [16, outputs, channels]        f32  rounded to TF32
//   x        [clips, height, width, channels]  f32  NHWC
//   v        [16, tiles, channels]          f32  rounded to TF32; tiles of a clip row by row, clip by clip
//   sums     [16, tiles, outputs]           f32
//   bias     [outputs]                      f32
//   summand  [clips, height, width, outputs]   f32  NHWC, or null
//   y        [clips, height, width, outputs]   f32  NHWC
// mapping   blocks of 256 stride: weight over filters, their threads over the elements of one; filters, input, output: a thread per four
//           channels of a filter or tile
// shared    none
// numerics  one product; transforms in f32. Of normal numbers, errors are 1.7 times those of a convolution with operands in TF32
// limits    any sizes, also 0; filters, input and output: multiples of 4 channels at addresses that are multiples of 16, fewer than 2^31
//           groups of four
// reference src/NativeRetrieval.Core/Cpu/PackedConv2d.cs
#include "common/storage.cuh"
#include "common/tensor_core.cuh"

constexpr int Side = 4, Size = 4; // of a tile with its border; channels of a thread

extern "C" __global__ void __launch_bounds__(256) packed_conv2d_weight_f32(
    const float* __restrict__ x, const float* __restrict__ scale, float* __restrict__ y, int filters, long long width)
{
    for (int o = blockIdx.x; o < filters; o += gridDim.x)
    {
        const float factor = scale[o];
        for (long long i = threadIdx.x; i < width; i += blockDim.x) y[o * width + i] = x[o * width + i] * factor;
    }
}

NR_DEVICE pack<float> operator+(const pack<float>& a, const pack<float>& b)
{
    return { { a.values[0] + b.values[0], a.values[1] + b.values[1], a.values[2] + b.values[2], a.values[3] + b.values[3] } };
}

NR_DEVICE pack<float> operator-(const pack<float>& a, const pack<float>& b)
{
    return { { a.values[0] - b.values[0], a.values[1] - b.values[1], a.values[2] - b.values[2], a.values[3] - b.values[3] } };
}

NR_DEVICE pack<float> half(const pack<float>& a)
{
    return { { 0.5f * a.values[0], 0.5f * a.values[1], 0.5f * a.values[2], 0.5f * a.values[3] } };
}

NR_DEVICE void store_rounded(float* target, const pack<float>& p)
{
    *(uint4*)target = make_uint4(to_tf32(p.values[0]), to_tf32(p.values[1]), to_tf32(p.values[2]), to_tf32(p.values[3]));
}

// G of three values.
NR_DEVICE void spread(const pack<float> (&x)[3], pack<float> (&y)[Side])
{
    const pack<float> ends = x[0] + x[2];
    y[0] = x[0];
    y[1] = half(ends + x[1]);
    y[2] = half(ends - x[1]);
    y[3] = x[2];
}

extern "C" __global__ void __launch_bounds__(256) packed_conv2d_filters_f32(
    const float* __restrict__ w, float* __restrict__ u, int outputs, int channels)
{
    const unsigned groups = channels / Size;
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < outputs * groups; i += gridDim.x * blockDim.x)
    {
        const int output = i / groups, channel = i % groups * Size;
        const float* const source = w + (size_t)output * 9 * channels + channel;
        pack<float> rows[3][Side];
#pragma unroll
        for (int a = 0; a < 3; a++)
        {
            pack<float> taps[3];
#pragma unroll
            for (int b = 0; b < 3; b++) taps[b] = load_pack(source + (size_t)(3 * a + b) * channels);
            spread(taps, rows[a]);
        }
#pragma unroll
        for (int b = 0; b < Side; b++)
        {
            const pack<float> column[3] = { rows[0][b], rows[1][b], rows[2][b] };
            pack<float> values[Side];
            spread(column, values);
#pragma unroll
            for (int a = 0; a < Side; a++)
                store_rounded(u + ((size_t)(Side * a + b) * outputs + output) * channels + channel, values[a]);
        }
    }
}

// Bᵀ of four values.
NR_DEVICE void differences(const pack<float> (&x)[Side], pack<float> (&y)[Side])
{
    y[0] = x[0] - x[2];
    y[1] = x[1] + x[2];
    y[2] = x[2] - x[1];
    y[3] = x[1] - x[3];
}

// A tile's place.
struct tile_place
{
    int clip, row, column;
    NR_DEVICE tile_place(int tile, int height, int width)
    {
        const int across = (width + 1) / 2, down = (height + 1) / 2;
        column = tile % across * 2;
        row = tile / across % down * 2;
        clip = tile / (across * down);
    }
};

extern "C" __global__ void __launch_bounds__(256, 2) packed_conv2d_input_f32(
    const float* __restrict__ x, float* __restrict__ v, int tiles, int height, int width, int channels)
{
    const unsigned groups = channels / Size;
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < tiles * groups; i += gridDim.x * blockDim.x)
    {
        const int tile = i / groups, channel = i % groups * Size;
        const tile_place place(tile, height, width);
        pack<float> rows[Side][Side];
#pragma unroll
        for (int a = 0; a < Side; a++)
        {
            pack<float> pixels[Side];
#pragma unroll
            for (int b = 0; b < Side; b++)
            {
                const int row = place.row + a - 1, column = place.column + b - 1;
                const bool real = row >= 0 && row < height && column >= 0 && column < width;
                const size_t at = (((size_t)place.clip * height + row) * width + column) * channels + channel;
                pixels[b] = real ? load_pack(x + at) : pack<float> {};
            }
            differences(pixels, rows[a]);
        }
#pragma unroll
        for (int b = 0; b < Side; b++)
        {
            const pack<float> column[Side] = { rows[0][b], rows[1][b], rows[2][b], rows[3][b] };
            pack<float> values[Side];
            differences(column, values);
#pragma unroll
            for (int a = 0; a < Side; a++) store_rounded(v + ((size_t)(Side * a + b) * tiles + tile) * channels + channel, values[a]);
        }
    }
}

extern "C" __global__ void __launch_bounds__(256, 2) packed_conv2d_output_f32(const float* __restrict__ sums,
    const float* __restrict__ bias, const float* __restrict__ summand, float* __restrict__ y, int tiles, int height, int width, int outputs,
    int relu)
{
    const unsigned groups = outputs / Size;
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < tiles * groups; i += gridDim.x * blockDim.x)
    {
        const int tile = i / groups, channel = i % groups * Size;
        const tile_place place(tile, height, width);
        const pack<float> shift = load_pack(bias + channel);
        pack<float> upper[Side], lower[Side];
#pragma unroll
        for (int b = 0; b < Side; b++)
        {
            pack<float> column[Side];
#pragma unroll
            for (int a = 0; a < Side; a++) column[a] = load_pack(sums + ((size_t)(Side * a + b) * tiles + tile) * outputs + channel);
            upper[b] = column[0] + column[1] + column[2];
            lower[b] = column[1] - column[2] - column[3];
        }
#pragma unroll
        for (int pixel = 0; pixel < 4; pixel++)
        {
            const int row = place.row + pixel / 2, column = place.column + pixel % 2;
            if (row >= height || column >= width) continue;
            const pack<float>(&line)[Side] = pixel < 2 ? upper : lower;
            pack<float> value = (pixel % 2 == 0 ? line[0] + line[1] + line[2] : line[1] - line[2] - line[3]) + shift;
            const size_t at = (((size_t)place.clip * height + row) * width + column) * outputs + channel;
            if (summand) value = value + load_pack(summand + at);
#pragma unroll
            for (int k = 0; k < Size; k++) value.values[k] = relu && value.values[k] < 0.0f ? 0.0f : value.values[k];
            store_pack(y + at, value);
        }
    }
}
