// y = max x over windows of h × w without overlap; NaN comes before all numbers
// dx = dy at the first maximum of a window, 0 elsewhere
//   x   [outer, height, width, inner]          f32  NHWC: outer = clips, inner = channels; NCHW: outer = clips · channels, inner = 1
//   y   [outer, height / h, width / w, inner]  f32  like x
//   dy  [outer, height / h, width / w, inner]  f32  like x
//   dx  [outer, height, width, inner]          f32  like x
// mapping   forward: one block per row of windows, threads stride over its width / w · inner results; backward: one block per row of x;
//           blocks of 256
// shared    none
// numerics  exact; backward looks for the maximum again
// limits    any sizes, also 0; a rest smaller than a window is left out, its gradient is 0
// reference src/NativeRetrieval.Core/Cpu/MaxPool2d.cs
#include "common/types.cuh"

// Place of the greatest of a window, row * w + column.
NR_DEVICE int greatest(const float* __restrict__ window, int h, int w, int width, int inner)
{
    int best = 0;
    float value = window[0];
    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++)
        {
            const float candidate = window[((size_t)i * width + j) * inner];
            if (!(candidate > value || candidate != candidate)) continue;
            best = i * w + j;
            value = candidate;
        }
    return best;
}

extern "C" __global__ void __launch_bounds__(256) max_pool2d_forward_f32(
    const float* __restrict__ x, float* __restrict__ y, int height, int width, int inner, int h, int w)
{
    const int rows = height / h, columns = width / w, outer = blockIdx.x / rows, row = blockIdx.x % rows;
    for (int i = threadIdx.x; i < columns * inner; i += blockDim.x)
    {
        const float* const window = x + (((size_t)outer * height + row * h) * width + i / inner * w) * inner + i % inner;
        const int best = greatest(window, h, w, width, inner);
        y[(size_t)blockIdx.x * columns * inner + i] = window[((size_t)(best / w) * width + best % w) * inner];
    }
}

extern "C" __global__ void __launch_bounds__(256) max_pool2d_backward_f32(
    const float* __restrict__ dy, const float* __restrict__ x, float* __restrict__ dx, int height, int width, int inner, int h, int w)
{
    const int rows = height / h, columns = width / w, outer = blockIdx.x / height, line = blockIdx.x % height, row = line / h;
    for (int i = threadIdx.x; i < width * inner; i += blockDim.x)
    {
        const int place = i / inner, column = place / w;
        float gradient = 0.0f;
        if (row < rows && column < columns)
        {
            const float* const window = x + (((size_t)outer * height + row * h) * width + column * w) * inner + i % inner;
            if (greatest(window, h, w, width, inner) == (line - row * h) * w + place - column * w)
                gradient = dy[(((size_t)outer * rows + row) * columns + column) * inner + i % inner];
        }
        dx[(size_t)blockIdx.x * width * inner + i] = gradient;
    }
}
