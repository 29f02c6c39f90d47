// z = γ·(x − μ)/√(σ² + ε) + β, then max(·, 0) where relu is set
// y = keep/(1 − p) · 1/window² Σ z over windows without overlap; 0 in windows that reach beyond a clip's own frames
// dx = γ·s·dz + slope·x + offset (batch_norm.cu), dz = dy · keep/(1 − p)/window² where the rectifier passes, 0 outside windows
//   x             [clips, frames, width, channels]                      f32 or bf16  NHWC
//   y             [clips, frames / window, width / window, channels]    like x       NHWC
//   dy            [clips, frames / window, width / window, channels]    like x       NHWC
//   dx            [clips, frames, width, channels]                      like x       NHWC
//   lengths       [clips]                                               i32          own frames, or null: frames
//   weight, bias, mean, inverse  [channels]                             f32          γ, β, μ, s = 1/√(σ² + ε)
//   partials      [chunks, 2, channels]                                 f64          row-major: Σ dz, Σ dz·x of a chunk of windows
//   terms         [2, channels]                                         f32          slope and offset, as batch_norm_sums makes them
// method    The end of a block in one pass: neither z nor the mean nor a mask is stored. Statistics before it and the sums between the
//           two passes backward are batch_norm.cu's. Element i of y has number i of the Philox stream, as in dropout.cu; masks are drawn
//           again backward.
// mapping   forward, backward: blocks of 256, a thread keeps a pack of channels and strides over windows (backward: also those cut off
//           at the edges); gradient_partial: as in batch_norm.cu, over windows
// shared    gradient_partial static: 4096 bytes
// numerics  Σ dz, Σ dz·x in f32 over a window, in f64 over windows, in an order that depends on sizes alone; the rest in f32 in the order
//           of the separate kernels, one rounding to bf16
// limits    packs only where the stream's first number is a multiple of 4; fewer than 2^31 pixels, also 0; channels that are no multiple of
//           a pack go one by one; a length outside 0 … frames counts as the nearer end
// reference src/NativeRetrieval.Core/Cpu/BatchNormPool2d.cs
#include "common/batch_norm.cuh"
#include "common/dropout.cuh"

struct feature_map
{
    const int* lengths;
    int clips, frames, width, channels, window;
};

// Windows of h × h pixels as a map of their own; those cut off at the edges are counted where they are asked for.
struct window_place
{
    int clip, row, column;
};

NR_DEVICE window_place place_of(unsigned window, unsigned rows, unsigned columns)
{
    const unsigned line = window / columns, clip = line / rows;
    return { (int)clip, (int)(line - clip * rows), (int)(window - line * columns) };
}

NR_DEVICE size_t address(const feature_map& map, int clip, int frame, int column, int channel)
{
    return (((size_t)clip * map.frames + frame) * map.width + column) * map.channels + channel;
}

// Window: 2, or 0 for any that the map says.
template <class T, int Size, int Window>
NR_DEVICE void forward(const T* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias,
    const float* __restrict__ mean, const float* __restrict__ inverse, int relu, const dropout& mask, T* __restrict__ y,
    const feature_map& map)
{
    const int h = Window ? Window : map.window, rows = map.frames / h, columns = map.width / h;
    const map_part part = part_of_grid<Size>(map.channels);
    const affine<Size> norm = affine_of(parameter_reader<Size>(part.channel), weight, bias, mean, inverse);
    const unsigned windows = (unsigned)map.clips * rows * columns;
    const float factor = 1.0f / (h * h);
    for (unsigned window = part.pixel; window < windows; window += part.stride)
    {
        const window_place place = place_of(window, rows, columns);
        const size_t result = (size_t)window * map.channels + part.channel;
        float sums[Size] = {};
        if (place.row < own_frames(map.lengths, place.clip, map.frames) / h)
        {
            const T* const corner = x + address(map, place.clip, place.row * h, place.column * h, part.channel);
#pragma unroll
            for (int r = 0; r < h; r++)
#pragma unroll
                for (int c = 0; c < h; c++)
                {
                    float values[Size];
                    load_channels(corner + ((size_t)r * map.width + c) * map.channels, values);
#pragma unroll
                    for (int k = 0; k < Size; k++) sums[k] += norm.forward(values[k], k, relu);
                }
#pragma unroll
            for (int k = 0; k < Size; k++) sums[k] *= factor;
            drop<true>(sums, mask, result);
        }
        store_channels(y + result, sums);
    }
}

template <class T, int Size, int Window>
NR_DEVICE void gradient_partial(const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ weight,
    const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse, int relu, const dropout& mask,
    double* __restrict__ partials, const feature_map& map)
{
    const int h = Window ? Window : map.window, rows = map.frames / h, columns = map.width / h;
    const map_part part = part_of_block<Size>(map.channels);
    const affine<Size> norm = affine_of(parameter_reader<Size>(max(part.channel, 0)), weight, bias, mean, inverse);
    const unsigned windows = (unsigned)map.clips * rows * columns;
    const float factor = 1.0f / (h * h);
    double sum[Size] = {}, along[Size] = {};
    for (unsigned window = part.pixel; window < windows; window += part.stride)
    {
        const window_place place = place_of(window, rows, columns);
        if (place.row >= own_frames(map.lengths, place.clip, map.frames) / h) continue;
        const size_t result = (size_t)window * map.channels + part.channel;
        const T* const corner = x + address(map, place.clip, place.row * h, place.column * h, part.channel);
        float gradients[Size], passed[Size] = {}, values[Size] = {}; // pixels that pass, and the sum of their x
        load_channels(dy + result, gradients);
        drop<true>(gradients, mask, result); // before the pixels: neither numbers nor their place are kept beside them
#pragma unroll
        for (int r = 0; r < h; r++)
#pragma unroll
            for (int c = 0; c < h; c++)
            {
                float pixel[Size];
                load_channels(corner + ((size_t)r * map.width + c) * map.channels, pixel);
#pragma unroll
                for (int k = 0; k < Size; k++)
                {
                    const bool passes = norm.passes(pixel[k], k, relu);
                    passed[k] += passes ? 1.0f : 0.0f;
                    values[k] += passes ? pixel[k] : 0.0f;
                }
            }
#pragma unroll
        for (int k = 0; k < Size; k++)
        {
            const double dz = gradients[k] * factor;
            sum[k] += dz * passed[k];
            along[k] += dz * values[k];
        }
    }
    write_partials(part, sum, along, partials, map.channels);
}

template <class T, int Size, int Window>
NR_DEVICE void backward(const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ weight,
    const float* __restrict__ bias, const float* __restrict__ mean, const float* __restrict__ inverse, const float* __restrict__ terms,
    int relu, const dropout& mask, T* __restrict__ dx, const feature_map& map)
{
    const int h = Window ? Window : map.window, rows = map.frames / h, columns = map.width / h;
    const unsigned allRows = (map.frames + h - 1) / h, allColumns = (map.width + h - 1) / h;
    const map_part part = part_of_grid<Size>(map.channels);
    const input_gradient<Size> gradient = input_gradient_of<Size>(weight, bias, mean, inverse, terms, part.channel, map.channels);
    const unsigned windows = (unsigned)map.clips * allRows * allColumns;
    const float factor = 1.0f / (h * h);
    for (unsigned window = part.pixel; window < windows; window += part.stride)
    {
        const window_place place = place_of(window, allRows, allColumns);
        const int own = own_frames(map.lengths, place.clip, map.frames);
        const size_t corner = address(map, place.clip, place.row * h, place.column * h, part.channel);
        float gradients[Size] = {};
        if (place.row < own / h && place.column < columns)
        {
            const size_t result =
                (((size_t)place.clip * rows + place.row) * columns + place.column) * map.channels + part.channel;
            load_channels(dy + result, gradients);
            drop<true>(gradients, mask, result);
#pragma unroll
            for (int k = 0; k < Size; k++) gradients[k] *= factor;
        }
#pragma unroll
        for (int r = 0; r < h; r++)
#pragma unroll
            for (int c = 0; c < h; c++)
            {
                const int frame = place.row * h + r;
                if (frame >= map.frames || place.column * h + c >= map.width) continue;
                const size_t at = corner + ((size_t)r * map.width + c) * map.channels;
                float values[Size] = {};
                if (frame < own)
                {
                    load_channels(x + at, values);
#pragma unroll
                    for (int k = 0; k < Size; k++) values[k] = gradient.of(gradients[k], values[k], k, relu);
                }
                store_channels(dx + at, values);
            }
    }
}

// The function for the width of the accesses and the window.
#define CHOOSE(function, T, ...)                                      \
    if (!packed) function<T, 1, 0>(__VA_ARGS__);                      \
    else if (window == 2) function<T, pack<T>::Size, 2>(__VA_ARGS__); \
    else function<T, pack<T>::Size, 0>(__VA_ARGS__)

#define ENTRY_POINTS(T)                                                                                                            \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 3 : 4) batch_norm_pool2d_forward_##T(                   \
        const T* __restrict__ x,                                                                                                   \
        const float* __restrict__ weight, const float* __restrict__ bias, const float* __restrict__ mean,                          \
        const float* __restrict__ inverse, const int* __restrict__ lengths, int relu, unsigned threshold, float scale,             \
        NR_PHILOX_PARAMETERS, T* __restrict__ y, int clips, int frames,                                                            \
        int width, int channels, int window, int packed)                                                                           \
    {                                                                                                                              \
        const feature_map map = { lengths, clips, frames, width, channels, window };                                               \
        const dropout mask = { threshold, scale, NR_PHILOX_OF_ITEMS };                                                             \
        CHOOSE(forward, T, x, weight, bias, mean, inverse, relu, mask, y, map);                                                    \
    }                                                                                                                              \
                                                                                                                                   \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 2 : 3) batch_norm_pool2d_gradient_partial_##T(          \
        const T* __restrict__ dy,                                                                                                  \
        const T* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias, const float* __restrict__ mean, \
        const float* __restrict__ inverse, const int* __restrict__ lengths, int relu, unsigned threshold, float scale,             \
        NR_PHILOX_PARAMETERS, double* __restrict__ partials, int clips,                                                            \
        int frames, int width, int channels, int window, int packed)                                                               \
    {                                                                                                                              \
        const feature_map map = { lengths, clips, frames, width, channels, window };                                               \
        const dropout mask = { threshold, scale, NR_PHILOX_OF_ITEMS };                                                             \
        CHOOSE(gradient_partial, T, dy, x, weight, bias, mean, inverse, relu, mask, partials, map);                                \
    }                                                                                                                              \
                                                                                                                                   \
    extern "C" __global__ void __launch_bounds__(256, pack<T>::Size == 8 ? 2 : 4) batch_norm_pool2d_backward_##T(                  \
        const T* __restrict__ dy,                                                                                                  \
        const T* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias, const float* __restrict__ mean, \
        const float* __restrict__ inverse, const float* __restrict__ terms, const int* __restrict__ lengths, int relu,             \
        unsigned threshold, float scale, NR_PHILOX_PARAMETERS,                                                                     \
        T* __restrict__ dx, int clips, int frames, int width, int channels, int window, int packed)                                \
    {                                                                                                                              \
        const feature_map map = { lengths, clips, frames, width, channels, window };                                               \
        const dropout mask = { threshold, scale, NR_PHILOX_OF_ITEMS };                                                             \
        CHOOSE(backward, T, dy, x, weight, bias, mean, inverse, terms, relu, mask, dx, map);                                       \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
