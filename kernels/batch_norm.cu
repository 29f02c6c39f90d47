// y = γ·(x − μ)/√(σ² + ε) + β, then max(·, 0) where relu is set; 0 in frames behind a clip's own
// dx = γ·s·(dz − mean(dz) − n·mean(dz·n)), n = (x − μ)·s, s = 1/√(σ² + ε), dz = dy where the rectifier passes;
// dγ = Σ dz·n, dβ = Σ dz; both means are 0 with running statistics, which do not depend on x
//   x                 [clips, frames, width, channels]  f32 or bf16  NHWC feature maps, or [clips, frames, bins] with width 1
//   y                 [clips, frames, width, channels]  like x       like x
//   dy                [clips, frames, width, channels]  like x       like x
//   dx                [clips, frames, width, channels]  like x       like x
//   lengths           [clips]                           i32          own frames, or null: frames
//   weight            [channels]                        f32          γ
//   bias              [channels]                        f32          β
//   mean              [channels]                        f32          μ
//   inverse           [channels]                        f32          s
//   running_mean      [channels]                        f32
//   running_variance  [channels]                        f32
//   dweight           [channels]                        f32          dγ
//   dbias             [channels]                        f32          dβ
//   partials          [chunks, 2, channels]             f64          row-major: the two sums of a chunk of pixels
//   terms             [2, channels]                     f32          row-major: slope and offset of dx = γ·s·dz + slope·x + offset
// method    Training runs three kernels each way: partial sums x and x² (gradient_partial: dz and dz·x) over chunks of pixels, statistics
//           (sums) adds the chunks of a channel and makes μ and s (dγ, dβ, slope and offset), apply (backward) goes over the elements.
//           Inference leaves the first out. The rectifier's mask is computed again from x, so that y need not be kept.
// mapping   partial, gradient_partial: blocks of 256 in rows of at most 64 neighbouring packs of channels, x = share of the channels,
//           y = chunk of pixels (rows stride); statistics, sums: blocks of 8 channels × 64 rows, which stride over chunks;
//           apply, backward: blocks of 256, a thread keeps a pack of channels and strides over pixels (common/feature_map.cuh)
// shared    partial, gradient_partial static: 4096 bytes; statistics, sums static: 8192 bytes
// numerics  sums of x and x², dz and dz·x in f64 in an order that depends on sizes alone; the rest in f32, one rounding to bf16
// limits    fewer than 2^31 pixels, also 0; channels that are no multiple of a pack go one by one; a length outside 0 … frames counts as
//           the nearer end; without a single real frame the running statistics are used and left alone
// reference src/NativeRetrieval.Core/Cpu/BatchNorm.cs, FeatureMaps/BatchNormPlain.cs
#include "common/batch_norm.cuh"

template <class T, int Size>
NR_DEVICE void partial(const T* __restrict__ x, const int* __restrict__ lengths, double* __restrict__ partials, int clips, int frames,
    int width, int channels)
{
    constexpr int Batch = 4; // pixels whose loads are on their way at a time
    const map_part part = part_of_block<Size>(channels);
    const unsigned pixels = (unsigned)clips * frames * width;
    double sum[Size] = {}, squares[Size] = {};
    for (unsigned first = part.pixel; first < pixels; first += Batch * part.stride)
    {
        float values[Batch][Size] = {};
#pragma unroll
        for (int b = 0; b < Batch; b++)
        {
            const unsigned pixel = first + b * part.stride;
            if (pixel < pixels && is_real(lengths, pixel, frames, width))
                load_channels(x + (size_t)pixel * channels + part.channel, values[b]);
        }
#pragma unroll
        for (int b = 0; b < Batch; b++)
#pragma unroll
            for (int k = 0; k < Size; k++)
            {
                const double value = values[b][k];
                sum[k] += value;
                squares[k] += value * value;
            }
    }
    write_partials(part, sum, squares, partials, channels);
}

template <class T, int Size>
NR_DEVICE void gradient_partial(const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ weight,
    const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths,
    int relu, double* __restrict__ partials, int clips, int frames, int width, int channels)
{
    const map_part part = part_of_block<Size>(channels);
    const unsigned pixels = (unsigned)clips * frames * width;
    const affine<Size> norm = affine_of(parameter_reader<Size>(max(part.channel, 0)), weight, bias, mean, inverse);
    double sum[Size] = {}, along[Size] = {};
    for (unsigned pixel = part.pixel; pixel < pixels; pixel += part.stride)
    {
        if (!is_real(lengths, pixel, frames, width)) continue;
        const size_t at = (size_t)pixel * channels + part.channel;
        float values[Size], gradients[Size];
        load_channels(x + at, values);
        load_channels(dy + at, gradients);
#pragma unroll
        for (int k = 0; k < Size; k++)
        {
            const double dz = norm.passes(values[k], k, relu) ? gradients[k] : 0.0f;
            sum[k] += dz;
            along[k] += dz * values[k];
        }
    }
    write_partials(part, sum, along, partials, channels);
}

template <class T, int Size>
NR_DEVICE void apply(const T* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias,
    const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths, int relu, T* __restrict__ y,
    int clips, int frames, int width, int channels)
{
    const map_part part = part_of_grid<Size>(channels);
    const unsigned pixels = (unsigned)clips * frames * width;
    const affine<Size> norm = affine_of(parameter_reader<Size>(part.channel), weight, bias, mean, inverse);
    for (unsigned pixel = part.pixel; pixel < pixels; pixel += part.stride)
    {
        const size_t at = (size_t)pixel * channels + part.channel;
        float values[Size] = {};
        if (is_real(lengths, pixel, frames, width))
        {
            load_channels(x + at, values);
#pragma unroll
            for (int k = 0; k < Size; k++) values[k] = norm.forward(values[k], k, relu);
        }
        store_channels(y + at, values);
    }
}

template <class T, int Size>
NR_DEVICE void backward(const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ weight,
    const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse, const float* __restrict__ terms,
    const int* __restrict__ lengths, int relu, T* __restrict__ dx, int clips, int frames, int width, int channels)
{
    const map_part part = part_of_grid<Size>(channels);
    const unsigned pixels = (unsigned)clips * frames * width;
    const input_gradient<Size> gradient = input_gradient_of<Size>(weight, bias, mean, inverse, terms, part.channel, channels);
    for (unsigned pixel = part.pixel; pixel < pixels; pixel += part.stride)
    {
        const size_t at = (size_t)pixel * channels + part.channel;
        float values[Size] = {}, gradients[Size];
        if (is_real(lengths, pixel, frames, width))
        {
            load_channels(x + at, values);
            load_channels(dy + at, gradients);
#pragma unroll
            for (int k = 0; k < Size; k++) values[k] = gradient.of(gradients[k], values[k], k, relu);
        }
        store_channels(dx + at, values);
    }
}

// partials null: running statistics.
extern "C" __global__ void __launch_bounds__(512) batch_norm_statistics_f32(
    const double* __restrict__ partials, int chunks, const int* __restrict__ lengths, float* __restrict__ running_mean,
    float* __restrict__ running_variance, double epsilon, double momentum, float* __restrict__ mean, float* __restrict__ inverse,
    int clips, int frames, int width, int channels)
{
    const int channel = blockIdx.x * 8 + threadIdx.x % 8;
    double sum, squares;
    if (!totals(partials, partials ? chunks : 0, channels, channel, sum, squares)) return;
    const double count = partials ? real_pixels(lengths, clips, frames, width) : 0.0;
    moments_to_statistics(sum, squares, count, channel, running_mean, running_variance, epsilon, momentum, mean, inverse);
}

// terms: zeros with running statistics, which do not depend on x.
extern "C" __global__ void __launch_bounds__(512) batch_norm_sums_f32(
    const double* __restrict__ partials, int chunks, const float* __restrict__ weight, const float* __restrict__ mean,
    const float* __restrict__ inverse, const int* __restrict__ lengths, int training, float* __restrict__ dweight,
    float* __restrict__ dbias, float* __restrict__ terms, int clips, int frames, int width, int channels)
{
    const int channel = blockIdx.x * 8 + threadIdx.x % 8;
    double sum, along;
    if (!totals(partials, chunks, channels, channel, sum, along)) return;
    const double centre = mean[channel], deviation = inverse[channel], scale = weight[channel] * deviation;
    along = (along - centre * sum) * deviation;
    const double count = training ? real_pixels(lengths, clips, frames, width) : 0.0;
    const double slope = count > 0.0 ? -scale * deviation * along / count : 0.0;
    dbias[channel] = (float)sum;
    dweight[channel] = (float)along;
    terms[channel] = (float)slope;
    terms[channels + channel] = count > 0.0 ? (float)(-scale * sum / count - slope * centre) : 0.0f;
}

#define ENTRY_POINTS(T)                                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 2 : 4) batch_norm_partial_##T(                            \
        const T* __restrict__ x,                                                                                                     \
        const int* __restrict__ lengths, double* __restrict__ partials, int clips, int frames, int width, int channels, int packed)  \
    {                                                                                                                                \
        if (packed) partial<T, pack<T>::Size>(x, lengths, partials, clips, frames, width, channels);                                 \
        else partial<T, 1>(x, lengths, partials, clips, frames, width, channels);                                                    \
    }                                                                                                                                \
                                                                                                                                     \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 5 : 6) batch_norm_apply_##T(                              \
        const T* __restrict__ x,                                                                                                     \
        const float* __restrict__ weight, const float* __restrict__ bias, const float* __restrict__ mean,                            \
        const float* __restrict__ inverse, const int* __restrict__ lengths, int relu, T* __restrict__ y, int clips, int frames,      \
        int width, int channels, int packed)                                                                                         \
    {                                                                                                                                \
        if (packed) apply<T, pack<T>::Size>(x, weight, bias, mean, inverse, lengths, relu, y, clips, frames, width, channels);       \
        else apply<T, 1>(x, weight, bias, mean, inverse, lengths, relu, y, clips, frames, width, channels);                          \
    }                                                                                                                                \
                                                                                                                                     \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 2 : 4) batch_norm_gradient_partial_##T(                   \
        const T* __restrict__ dy,                                                                                                    \
        const T* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias, const float* __restrict__ mean,   \
        const float* __restrict__ inverse, const int* __restrict__ lengths, int relu, double* __restrict__ partials, int clips,      \
        int frames, int width, int channels, int packed)                                                                             \
    {                                                                                                                                \
        if (packed)                                                                                                                  \
            gradient_partial<T, pack<T>::Size>(dy, x, weight, bias, mean, inverse, lengths, relu, partials, clips, frames, width,    \
                channels);                                                                                                           \
        else                                                                                                                         \
            gradient_partial<T, 1>(dy, x, weight, bias, mean, inverse, lengths, relu, partials, clips, frames, width, channels);     \
    }                                                                                                                                \
                                                                                                                                     \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 4 : 6) batch_norm_backward_##T(                           \
        const T* __restrict__ dy, const T* __restrict__ x,                                                                           \
        const float* __restrict__ weight, const float* __restrict__ bias, const float* __restrict__ mean,                            \
        const float* __restrict__ inverse, const float* __restrict__ terms, const int* __restrict__ lengths, int relu,               \
        T* __restrict__ dx, int clips, int frames, int width, int channels, int packed)                                              \
    {                                                                                                                                \
        if (packed)                                                                                                                  \
            backward<T, pack<T>::Size>(dy, x, weight, bias, mean, inverse, terms, lengths, relu, dx, clips, frames, width,           \
                channels);                                                                                                           \
        else backward<T, 1>(dy, x, weight, bias, mean, inverse, terms, lengths, relu, dx, clips, frames, width, channels);           \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
