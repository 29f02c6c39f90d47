// y = 1/(h·w) Σ x over windows of h × w without overlap; 0 in windows that reach beyond a clip's own frames
// dx = dy/(h·w), 0 where y is left out
//   x        [outer, height, width, inner]          f32 or bf16  NHWC: outer = clips, inner = channels; NCHW: outer = clips · planes, inner = 1
//   y        [outer, height / h, width / w, inner]  like x       like x
//   dy       [outer, height / h, width / w, inner]  like x       like x
//   dx       [outer, height, width, inner]          like x       like x
//   lengths  [outer / planes]                       i32          own frames (rows) of a clip, or null: height
// mapping   blocks of 256, a thread keeps a pack of inner values and strides over results (common/feature_map.cuh)
// shared    none
// numerics  sums row by row in f32, times 1/(h·w)
// limits    fewer than 2^31 pixels, also 0; inner that is no multiple of a pack goes one by one; a rest smaller than a window is left out,
//           its gradient is 0; a length outside 0 … height counts as the nearer end
// reference src/NativeRetrieval.Core/Cpu/AvgPool2d.cs
#include "common/feature_map.cuh"

template <class T, int Size>
NR_DEVICE void forward(const T* __restrict__ x, const int* __restrict__ lengths, T* __restrict__ y, int outer, int planes, int height,
    int width, int inner, int h, int w)
{
    const unsigned rows = height / h, columns = width / w, pixels = outer * rows * columns;
    const map_part part = part_of_grid<Size>(inner);
    const float factor = 1.0f / (h * w);
    for (unsigned pixel = part.pixel; pixel < pixels; pixel += part.stride)
    {
        const unsigned line = pixel / columns, column = pixel - line * columns, plane = line / rows, row = line - plane * rows;
        float sums[Size] = {};
        if ((int)row < own_frames(lengths, plane / planes, height) / h)
        {
            const T* const window = x + (((size_t)plane * height + row * h) * width + column * w) * inner + part.channel;
            for (int r = 0; r < h; r++)
                for (int c = 0; c < w; c++)
                {
                    float values[Size];
                    load_channels(window + ((size_t)r * width + c) * inner, values);
#pragma unroll
                    for (int k = 0; k < Size; k++) sums[k] += values[k];
                }
#pragma unroll
            for (int k = 0; k < Size; k++) sums[k] *= factor;
        }
        store_channels(y + (size_t)pixel * inner + part.channel, sums);
    }
}

template <class T, int Size>
NR_DEVICE void backward(const T* __restrict__ dy, const int* __restrict__ lengths, T* __restrict__ dx, int outer, int planes, int height,
    int width, int inner, int h, int w)
{
    const unsigned rows = height / h, columns = width / w, pixels = (unsigned)outer * height * width;
    const map_part part = part_of_grid<Size>(inner);
    const float factor = 1.0f / (h * w);
    for (unsigned pixel = part.pixel; pixel < pixels; pixel += part.stride)
    {
        const unsigned line = pixel / width, column = (pixel - line * width) / w, plane = line / height, row = (line - plane * height) / h;
        float gradients[Size] = {};
        if (column < columns && (int)row < own_frames(lengths, plane / planes, height) / h)
        {
            load_channels(dy + (((size_t)plane * rows + row) * columns + column) * inner + part.channel, gradients);
#pragma unroll
            for (int k = 0; k < Size; k++) gradients[k] *= factor;
        }
        store_channels(dx + (size_t)pixel * inner + part.channel, gradients);
    }
}

#define ENTRY_POINTS(T)                                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, 4) avg_pool2d_forward_##T(const T* __restrict__ x,                             \
        const int* __restrict__ lengths, T* __restrict__ y, int outer, int planes, int height, int width, int inner, int h, int w,   \
        int packed)                                                                                                                  \
    {                                                                                                                                \
        if (packed) forward<T, pack<T>::Size>(x, lengths, y, outer, planes, height, width, inner, h, w);                             \
        else forward<T, 1>(x, lengths, y, outer, planes, height, width, inner, h, w);                                                \
    }                                                                                                                                \
                                                                                                                                     \
    extern "C" __global__ void __launch_bounds__(256, 6) avg_pool2d_backward_##T(const T* __restrict__ dy,                           \
        const int* __restrict__ lengths, T* __restrict__ dx, int outer, int planes, int height, int width, int inner, int h, int w,  \
        int packed)                                                                                                                  \
    {                                                                                                                                \
        if (packed) backward<T, pack<T>::Size>(dy, lengths, dx, outer, planes, height, width, inner, h, w);                          \
        else backward<T, 1>(dy, lengths, dx, outer, planes, height, width, inner, h, w);                                             \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
