// y = max(z + residual, 0), z = γ·(x − μ)/√(σ² + ε) + β, 0 in frames behind a clip's own
// dresidual = dy · [y > 0]; dx as that of batch_norm.cu, of dz = dresidual
//   x          [clips, frames, width, channels]  f32 or bf16  NHWC
//   residual   [clips, frames, width, channels]  like x       NHWC
//   y          [clips, frames, width, channels]  like x       NHWC
//   dy         [clips, frames, width, channels]  like x       NHWC
//   dresidual  [clips, frames, width, channels]  like x       NHWC
//   lengths    [clips]                           i32          own frames, or null: frames
//   weight, bias, mean, inverse  [channels]      f32          γ, β, μ, s = 1/√(σ² + ε)
//   partials   [chunks, 2, channels]             f64          row-major: Σ dz, Σ dz·x of a chunk of pixels
// method    The end of a residual block in one pass: z is not stored. Statistics before it, and the sums and dx behind gradient_partial,
//           are batch_norm.cu's; gradient_partial stores dresidual, which dx is made of, on its way.
// mapping   forward: blocks of 256, a thread keeps a pack of channels and strides over pixels; gradient_partial: as in batch_norm.cu
// shared    gradient_partial static: 4096 bytes
// numerics  Σ dz, Σ dz·x in f64 in an order that depends on sizes alone; the rest in f32, one rounding to bf16
// limits    fewer than 2^31 pixels, also 0; channels that are no multiple of a pack go one by one; a length outside 0 … frames counts as
//           the nearer end
// reference src/NativeRetrieval.Core/Cpu/BatchNormAddRelu.cs
#include "common/batch_norm.cuh"
#include "common/elementwise.cuh"

template <class T, int Size>
NR_DEVICE void forward(const T* __restrict__ x, const T* __restrict__ residual, const float* __restrict__ weight,
    const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths,
    T* __restrict__ y, int clips, int frames, int width, int channels)
{
    const map_part part = part_of_grid<Size>(channels);
    const unsigned pixels = (unsigned)clips * frames * width;
    const affine<Size> norm = affine_of(parameter_reader<Size>(part.channel), weight, bias, mean, inverse);
    for (unsigned pixel = part.pixel; pixel < pixels; pixel += part.stride)
    {
        const size_t at = (size_t)pixel * channels + part.channel;
        float values[Size] = {}, added[Size];
        load_channels(residual + at, added);
        if (is_real(lengths, pixel, frames, width))
        {
            load_channels(x + at, values);
#pragma unroll
            for (int k = 0; k < Size; k++) values[k] = norm.forward(values[k], k, 0);
        }
#pragma unroll
        for (int k = 0; k < Size; k++) values[k] = rectified(values[k] + added[k]);
        store_channels(y + at, values);
    }
}

template <class T, int Size>
NR_DEVICE void gradient_partial(const T* __restrict__ dy, const T* __restrict__ y, const T* __restrict__ x,
    const int* __restrict__ lengths, T* __restrict__ dresidual, double* __restrict__ partials, int clips, int frames, int width,
    int channels)
{
    const map_part part = part_of_block<Size>(channels);
    const unsigned pixels = (unsigned)clips * frames * width;
    double sum[Size] = {}, along[Size] = {};
    for (unsigned pixel = part.pixel; pixel < pixels; pixel += part.stride)
    {
        const size_t at = (size_t)pixel * channels + part.channel;
        float gradients[Size], results[Size], values[Size];
        load_channels(dy + at, gradients);
        load_channels(y + at, results);
        const bool real = is_real(lengths, pixel, frames, width);
        if (real) load_channels(x + at, values);
#pragma unroll
        for (int k = 0; k < Size; k++) gradients[k] = results[k] > 0.0f ? gradients[k] : 0.0f;
        store_channels(dresidual + at, gradients);
        if (!real) continue;
#pragma unroll
        for (int k = 0; k < Size; k++)
        {
            const double dz = gradients[k];
            sum[k] += dz;
            along[k] += dz * values[k];
        }
    }
    write_partials(part, sum, along, partials, channels);
}

#define ENTRY_POINTS(T)                                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 4 : 6) batch_norm_add_relu_forward_##T(                   \
        const T* __restrict__ x, const T* __restrict__ residual, const float* __restrict__ weight, const float* __restrict__ bias,   \
        const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths, T* __restrict__ y,       \
        int clips, int frames, int width, int channels, int packed)                                                                  \
    {                                                                                                                                \
        if (packed)                                                                                                                  \
            forward<T, pack<T>::Size>(x, residual, weight, bias, mean, inverse, lengths, y, clips, frames, width, channels);         \
        else forward<T, 1>(x, residual, weight, bias, mean, inverse, lengths, y, clips, frames, width, channels);                    \
    }                                                                                                                                \
                                                                                                                                     \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 2 : 4) batch_norm_add_relu_gradient_partial_##T(          \
        const T* __restrict__ dy, const T* __restrict__ y, const T* __restrict__ x, const int* __restrict__ lengths,                 \
        T* __restrict__ dresidual, double* __restrict__ partials, int clips, int frames, int width, int channels, int packed)        \
    {                                                                                                                                \
        if (packed)                                                                                                                  \
            gradient_partial<T, pack<T>::Size>(dy, y, x, lengths, dresidual, partials, clips, frames, width, channels);              \
        else gradient_partial<T, 1>(dy, y, x, lengths, dresidual, partials, clips, frames, width, channels);                         \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
