// y = max x over windows of h × w without overlap; NaN comes before all numbers
// dx = dy at the first maximum of a window, 0 elsewhere
//   x   [outer, height, width, inner]          f32 or bf16  NHWC: outer = clips, inner = channels; NCHW: outer = clips · channels, inner = 1
//   y   [outer, height / h, width / w, inner]  like x       like x
//   dy  [outer, height / h, width / w, inner]  like x       like x
//   dx  [outer, height, width, inner]          like x       like x
// mapping   blocks of 256, a thread keeps a pack of inner values and strides over windows (backward: also those cut off at the edges)
//           (common/feature_map.cuh)
// shared    none
// numerics  exact; backward looks for the maximum again
// limits    fewer than 2^31 pixels, also 0; inner that is no multiple of a pack goes one by one; a rest smaller than a window is left out,
//           its gradient is 0
// reference src/NativeRetrieval.Core/Cpu/MaxPool2d.cs
#include "common/feature_map.cuh"

// The greatest of a window and their places, row * w + column.
template <class T, int Size>
NR_DEVICE void greatest(const T* __restrict__ window, int h, int w, int width, int inner, float (&best)[Size], int (&place)[Size])
{
    load_channels(window, best);
#pragma unroll
    for (int k = 0; k < Size; k++) place[k] = 0;
    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++)
        {
            float values[Size];
            load_channels(window + ((size_t)i * width + j) * inner, values);
#pragma unroll
            for (int k = 0; k < Size; k++)
            {
                if (!(values[k] > best[k] || values[k] != values[k])) continue;
                best[k] = values[k];
                place[k] = i * w + j;
            }
        }
}

template <class T, int Size>
NR_DEVICE void forward(const T* __restrict__ x, T* __restrict__ y, int outer, int height, int width, int inner, int h, int w)
{
    const unsigned rows = height / h, columns = width / w, pixels = outer * rows * columns;
    const map_part part = part_of_grid<Size>(inner);
    for (unsigned pixel = part.pixel; pixel < pixels; pixel += part.stride)
    {
        const unsigned line = pixel / columns, column = pixel - line * columns, plane = line / rows, row = line - plane * rows;
        float best[Size];
        int place[Size];
        greatest(x + (((size_t)plane * height + row * h) * width + column * w) * inner + part.channel, h, w, width, inner, best, place);
        store_channels(y + (size_t)pixel * inner + part.channel, best);
    }
}

template <class T, int Size>
NR_DEVICE void backward(const T* __restrict__ dy, const T* __restrict__ x, T* __restrict__ dx, int outer, int height, int width,
    int inner, int h, int w)
{
    const int rows = height / h, columns = width / w;
    const unsigned allRows = (height + h - 1) / h, allColumns = (width + w - 1) / w, windows = outer * allRows * allColumns;
    const map_part part = part_of_grid<Size>(inner);
    for (unsigned at = part.pixel; at < windows; at += part.stride)
    {
        const int line = at / allColumns, column = at - line * allColumns, plane = line / allRows, row = line - plane * allRows;
        const size_t corner = (((size_t)plane * height + row * h) * width + column * w) * inner + part.channel;
        float gradients[Size] = {}, best[Size];
        int place[Size] = {};
        if (row < rows && column < columns)
        {
            greatest(x + corner, h, w, width, inner, best, place);
            load_channels(dy + (((size_t)plane * rows + row) * columns + column) * inner + part.channel, gradients);
        }
        for (int i = 0; i < h && row * h + i < height; i++)
            for (int j = 0; j < w && column * w + j < width; j++)
            {
                float values[Size];
#pragma unroll
                for (int k = 0; k < Size; k++) values[k] = place[k] == i * w + j ? gradients[k] : 0.0f;
                store_channels(dx + corner + ((size_t)i * width + j) * inner, values);
            }
    }
}

#define ENTRY_POINTS(T)                                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, 5) max_pool2d_forward_##T(                                                     \
        const T* __restrict__ x, T* __restrict__ y, int outer,                                                                       \
        int height, int width, int inner, int h, int w, int packed)                                                                  \
    {                                                                                                                                \
        if (packed) forward<T, pack<T>::Size>(x, y, outer, height, width, inner, h, w);                                              \
        else forward<T, 1>(x, y, outer, height, width, inner, h, w);                                                                 \
    }                                                                                                                                \
                                                                                                                                     \
    extern "C" __global__ void __launch_bounds__(256, 3) max_pool2d_backward_##T(const T* __restrict__ dy, const T* __restrict__ x,  \
        T* __restrict__ dx, int outer, int height, int width, int inner, int h, int w, int packed)                                   \
    {                                                                                                                                \
        if (packed) backward<T, pack<T>::Size>(dy, x, dx, outer, height, width, inner, h, w);                                        \
        else backward<T, 1>(dy, x, dx, outer, height, width, inner, h, w);                                                           \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
