// y = γ·(z − μ)/√(σ² + ε) + β with z[o] = Σ_t w[o, t]·x[. + t], then max(·, 0) where relu is set; 0 in frames behind a clip's own.
// z is linear in the taps of x, so it is never stored: in training μ = w·m and σ² = wᵀ·C·w with m and C, mean and covariance of the taps
// over all real pixels. With dv = dy where the rectifier passes, A[t] = Σ dv·x[. + t], D = Σ dv, n real pixels, s = 1/√(σ² + ε):
// dβ = D, dγ = s·(w·A − μ·D), dz = γ·s·dv + slope·z + offset, slope = −γ·s²·dγ / n, offset = −γ·s·D / n − slope·μ (both 0 with running
// statistics), dw[t] = γ·s·A[t] + slope·Σ_t' w[t']·Σ x[. + t]·x[. + t'] + offset·Σ x[. + t],
// dx = wᵀ ∗ γ·s·dv + Σ_t (Q·taps + q)[t] at . − t, Q = Σ_o slope·w·wᵀ, q = Σ_o offset·w
//   x                 [clips, frames, width]            f32          one channel, zero border
//   y                 [clips, frames, width, channels]  f32 or bf16  NHWC
//   dy                [clips, frames, width, channels]  like y       NHWC
//   dx                [clips, frames, width]            f32          like x
//   kernels           [channels, k, k]                  f32          w; K = k·k taps, row-major
//   dkernels          [channels, k, k]                  f32          dw, or null
//   lengths           [clips]                           i32          own frames, or null: frames
//   weight            [channels]                        f32          γ, or null in apply: y = z + β, without μ and s
//   bias              [channels]                        f32          β
//   mean              [channels]                        f32          μ
//   inverse           [channels]                        f32          s
//   running_mean      [channels]                        f32
//   running_variance  [channels]                        f32
//   dweight           [channels]                        f32          dγ
//   dbias             [channels]                        f32          dβ
//   moments           [K + K·(K + 1) / 2]               f64          sums of taps, then of products of taps t ≤ t', row-major
//   sums              [K + 1, channels]                 f64          A, then D
//   partials          [chunks, columns]                 f64          parts of moments, or of sums
//   terms             [2, channels]                     f64          slope, offset
//   form              [K, K + 1]                        f32          Q, then q in the last column
//   spread            [shares, tiles, 8 + k − 1, 64 + k − 1]  f32    wᵀ ∗ γ·s·dv of a tile of pixels, with its border, or null
// method    moments: x[i]·x[j] depends on the distance of its factors alone but for the borders, so a thread that keeps its column sums
//           13 (k = 5: 41) products; rows that count for some taps only and columns at the edges are told apart when they are added up.
//           apply: z again, in tiles of 8 rows × 64 columns. gradient: one pass over dy, which gives A, D and the tiles of dx;
//           input adds what follows from slope and offset, which depend on x alone.
// mapping   moments: blocks of 8 warps, x = (chunk of rows, 32 columns), y = clip; totals: blocks of 32 columns × 16 warps;
//           statistics, parameters: a warp per channel, blocks of 256; form: a block of 128 per tap; apply: blocks of 256, gradient: of
//           128, x strides over tiles, y = share of 64 channels (16 where they are no multiple of 4), 16 lanes for the channels of a strip
//           of neighbouring pixels; input: blocks of 256, 8 rows × 32 columns
// shared    static: moments 4128 and 13888 bytes for k = 3 and 5; totals 4224; apply 5424 and 10320; gradient 19984 and 48720;
//           input 2160 and 5360
// numerics  moments in f64 from products of f64; z, y, dv, and A and D of at most 128 pixels in f32, their sums in f64, each in an order
//           that depends on sizes alone
// limits    k = 3 and 5, fewer than 2^31 pixels, also 0; any number of channels; a length outside 0 … frames counts as the nearer end;
//           without a single real frame the running statistics are used and left alone
// reference src/NativeRetrieval.Core/Cpu/Conv2dBatchNorm.cs
#include "common/storage.cuh"
#include "common/frames.cuh"
#include "common/tap_moments.cuh"
#include "common/tap_tiles.cuh"
#include "common/tap_gradients.cuh"

NR_DEVICE double warp_total(double value)
{
    for (int step = 16; step > 0; step >>= 1) value += __shfl_xor_sync(0xffffffffu, value, step);
    return value;
}

extern "C" __global__ void __launch_bounds__(256) conv2d_batch_norm_moments_3x3_f32(
    const float* __restrict__ x, const int* __restrict__ lengths, double* __restrict__ partials, int frames, int width, int rows)
{
    moments<3>(x, lengths, partials, frames, width, rows);
}

extern "C" __global__ void __launch_bounds__(256) conv2d_batch_norm_moments_5x5_f32(
    const float* __restrict__ x, const int* __restrict__ lengths, double* __restrict__ partials, int frames, int width, int rows)
{
    moments<5>(x, lengths, partials, frames, width, rows);
}

// Sums of the columns of partials, in one order whatever the timing: each warp adds every 16th chunk, the first one the warps.
extern "C" __global__ void __launch_bounds__(512) conv2d_batch_norm_totals_f32(
    const double* __restrict__ partials, double* __restrict__ sums, int chunks, int columns)
{
    constexpr int Warps = 16;
    __shared__ double shared[Warps][33]; // 33: lanes of a column lie in different banks
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, column = blockIdx.x * 32 + lane;
    double sum = 0.0;
    if (column < columns)
#pragma unroll 8
        for (int chunk = warp; chunk < chunks; chunk += Warps) sum += partials[(size_t)chunk * columns + column];
    shared[warp][lane] = sum;
    __syncthreads();
    if (warp != 0 || column >= columns) return;
    for (int other = 1; other < Warps; other++) sum += shared[other][lane];
    sums[column] = sum;
}

// moments null: running statistics.
extern "C" __global__ void __launch_bounds__(256) conv2d_batch_norm_statistics_f32(
    const double* __restrict__ moments, const float* __restrict__ kernels, const int* __restrict__ lengths,
    float* __restrict__ running_mean, float* __restrict__ running_variance, double epsilon, double momentum, float* __restrict__ mean,
    float* __restrict__ inverse, int clips, int frames, int width, int channels, int taps)
{
    const int lane = threadIdx.x & 31, channel = (blockIdx.x * blockDim.x + threadIdx.x) >> 5;
    if (channel >= channels) return;
    const double count = moments ? real_pixels(lengths, clips, frames, width) : 0.0;
    double first = 0.0, second = 0.0;
    if (count > 0.0 && lane < taps)
    {
        const float* const kernel = kernels + (size_t)channel * taps;
        const double own = moments[lane] / count;
        double row = 0.0;
        for (int t = 0; t < taps; t++) row += kernel[t] * (moments[product_place(lane, t, taps)] / count - own * (moments[t] / count));
        first = kernel[lane] * own;
        second = kernel[lane] * row;
    }
    first = warp_total(first);
    second = warp_total(second);
    if (lane != 0) return;
    double centre = running_mean[channel], variance = running_variance[channel];
    if (count > 0.0)
    {
        centre = first;
        variance = fmax(second, 0.0);
        const double unbiased = count > 1.0 ? variance * count / (count - 1.0) : 0.0;
        running_mean[channel] = (float)((1.0 - momentum) * running_mean[channel] + momentum * centre);
        running_variance[channel] = (float)((1.0 - momentum) * running_variance[channel] + momentum * unbiased);
    }
    mean[channel] = (float)centre;
    inverse[channel] = (float)(1.0 / sqrt(variance + epsilon));
}

template <class T, int k, int size>
NR_DEVICE void apply(const float* __restrict__ x, const float* __restrict__ kernels, const float* __restrict__ weight,
    const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths,
    int relu, T* __restrict__ y, int clips, int frames, int width, int channels, folded<k>& fold, input_tile<k>& input)
{
    constexpr int Pixels = 8, Strips = TileColumns / Pixels;
    const int share = blockIdx.y * Lanes * size, channel = threadIdx.x % Lanes * size;
    const int tiles = clips * ((frames + TileRows - 1) / TileRows) * ((width + TileColumns - 1) / TileColumns);
    fold.load(kernels, weight, bias, mean, inverse, share, Lanes * size, channels);
    for (int i = blockIdx.x; i < tiles; i += gridDim.x)
    {
        const pixel_tile tile(i, frames, width);
        const int own = own_frames(lengths, tile.clip, frames);
        __syncthreads(); // the tile before may still be read
        input.load(x, tile, frames, width);
        __syncthreads();
        if (share + channel >= channels) continue;
        for (int strip = threadIdx.x / Lanes; strip < TileRows * Strips; strip += blockDim.x / Lanes)
        {
            const int row = strip / Strips, first = strip % Strips * Pixels;
            if (tile.row + row >= frames) break;
            float values[Pixels][size] = {};
            if (tile.row + row < own) normalised<k, Pixels, size>(values, fold, input, row, first, channel);
            const size_t pixel = ((size_t)tile.clip * frames + tile.row + row) * width + tile.column + first;
#pragma unroll
            for (int p = 0; p < Pixels; p++)
            {
#pragma unroll
                for (int c = 0; c < size; c++) values[p][c] = relu && values[p][c] < 0.0f ? 0.0f : values[p][c];
                if (tile.column + first + p < width) store_channels(y + (pixel + p) * channels + share + channel, values[p]);
            }
        }
    }
}

// A warp per channel, a lane per tap. moments null: running statistics.
extern "C" __global__ void __launch_bounds__(256) conv2d_batch_norm_parameters_f32(
    const double* __restrict__ sums, const double* __restrict__ moments, const float* __restrict__ kernels,
    const float* __restrict__ weight, const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths,
    float* __restrict__ dkernels, float* __restrict__ dweight, float* __restrict__ dbias, double* __restrict__ terms, int clips, int frames,
    int width, int channels, int taps)
{
    const int lane = threadIdx.x & 31, channel = (blockIdx.x * blockDim.x + threadIdx.x) >> 5;
    if (channel >= channels) return;
    const float* const kernel = kernels + (size_t)channel * taps;
    const double count = moments ? real_pixels(lengths, clips, frames, width) : 0.0;
    const double sum = sums[(size_t)taps * channels + channel], own = lane < taps ? sums[(size_t)lane * channels + channel] : 0.0;
    const double centre = mean[channel], deviation = inverse[channel], scale = weight[channel] * deviation;
    const double along = deviation * (warp_total(lane < taps ? kernel[lane] * own : 0.0) - centre * sum);
    const double slope = count > 0.0 ? -scale * deviation * along / count : 0.0;
    const double offset = count > 0.0 ? -scale * sum / count - slope * centre : 0.0;
    if (lane < taps && dkernels)
    {
        double value = scale * own;
        if (count > 0.0)
        {
            double row = 0.0;
            for (int t = 0; t < taps; t++) row += kernel[t] * moments[product_place(lane, t, taps)];
            value += slope * row + offset * moments[lane];
        }
        dkernels[(size_t)channel * taps + lane] = (float)value;
    }
    if (lane != 0) return;
    dweight[channel] = (float)along;
    dbias[channel] = (float)sum;
    terms[channel] = slope;
    terms[channels + channel] = offset;
}

// A block of 4 warps per row of the form.
extern "C" __global__ void __launch_bounds__(128) conv2d_batch_norm_form_f32(
    const double* __restrict__ terms, const float* __restrict__ kernels, float* __restrict__ form, int channels, int taps)
{
    const int tap = blockIdx.x;
    for (int other = threadIdx.x >> 5; other <= taps; other += 4)
    {
        double sum = 0.0;
        for (int channel = threadIdx.x & 31; channel < channels; channel += 32)
        {
            const float* const kernel = kernels + (size_t)channel * taps;
            sum += other < taps ? terms[channel] * kernel[tap] * kernel[other] : terms[channels + channel] * kernel[tap];
        }
        sum = warp_total(sum);
        if ((threadIdx.x & 31) == 0) form[tap * (taps + 1) + other] = (float)sum;
    }
}

extern "C" __global__ void __launch_bounds__(256, 3) conv2d_batch_norm_input_3x3_f32(
    const float* __restrict__ spread, const float* __restrict__ form, const float* __restrict__ x, const int* __restrict__ lengths,
    float* __restrict__ dx, int clips, int frames, int width, int shares)
{
    input<3>(spread, form, x, lengths, dx, clips, frames, width, shares);
}

extern "C" __global__ void __launch_bounds__(256) conv2d_batch_norm_input_5x5_f32(
    const float* __restrict__ spread, const float* __restrict__ form, const float* __restrict__ x, const int* __restrict__ lengths,
    float* __restrict__ dx, int clips, int frames, int width, int shares)
{
    input<5>(spread, form, x, lengths, dx, clips, frames, width, shares);
}

#define APPLY(T, k)                                                                                                                      \
    __shared__ folded<k> fold;                                                                                                           \
    __shared__ input_tile<k> input;                                                                                                      \
    if (packed) apply<T, k, 4>(x, kernels, weight, bias, mean, inverse, lengths, relu, y, clips, frames, width, channels, fold, input);  \
    else apply<T, k, 1>(x, kernels, weight, bias, mean, inverse, lengths, relu, y, clips, frames, width, channels, fold, input);

#define GRADIENT(T, k)                                                                                                                   \
    __shared__ gradient_memory<k> memory;                                                                                                \
    if (packed)                                                                                                                          \
        gradient<T, k, 4>(dy, x, kernels, weight, bias, mean, inverse, lengths, relu, partials, spread, clips, frames, width, channels,  \
            memory);                                                                                                                     \
    else                                                                                                                                 \
        gradient<T, k, 1>(dy, x, kernels, weight, bias, mean, inverse, lengths, relu, partials, spread, clips, frames, width, channels,  \
            memory);

#define ENTRY_POINTS(T)                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256, 3) conv2d_batch_norm_apply_3x3_##T(const float* __restrict__ x,                    \
        const float* __restrict__ kernels, const float* __restrict__ weight, const float* __restrict__ bias,                             \
        const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths, int relu,                    \
        T* __restrict__ y, int clips, int frames, int width, int channels, int packed)                                                   \
    {                                                                                                                                    \
        APPLY(T, 3)                                                                                                                      \
    }                                                                                                                                    \
                                                                                                                                         \
    extern "C" __global__ void __launch_bounds__(256, 3) conv2d_batch_norm_apply_5x5_##T(const float* __restrict__ x,                    \
        const float* __restrict__ kernels, const float* __restrict__ weight, const float* __restrict__ bias,                             \
        const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths, int relu,                    \
        T* __restrict__ y, int clips, int frames, int width, int channels, int packed)                                                   \
    {                                                                                                                                    \
        APPLY(T, 5)                                                                                                                      \
    }                                                                                                                                    \
                                                                                                                                         \
    extern "C" __global__ void __launch_bounds__(128, 4) conv2d_batch_norm_gradient_3x3_##T(const T* __restrict__ dy,                    \
        const float* __restrict__ x, const float* __restrict__ kernels, const float* __restrict__ weight,                                \
        const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse,                               \
        const int* __restrict__ lengths, int relu, double* __restrict__ partials, float* __restrict__ spread, int clips, int frames,     \
        int width, int channels, int packed)                                                                                             \
    {                                                                                                                                    \
        GRADIENT(T, 3)                                                                                                                   \
    }                                                                                                                                    \
                                                                                                                                         \
    extern "C" __global__ void __launch_bounds__(128) conv2d_batch_norm_gradient_5x5_##T(const T* __restrict__ dy,                       \
        const float* __restrict__ x, const float* __restrict__ kernels, const float* __restrict__ weight,                                \
        const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse,                               \
        const int* __restrict__ lengths, int relu, double* __restrict__ partials, float* __restrict__ spread, int clips, int frames,     \
        int width, int channels, int packed)                                                                                             \
    {                                                                                                                                    \
        GRADIENT(T, 5)                                                                                                                   \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
