// y = 1/(h·w) Σ x over windows of h × w without overlap
// dx = dy/(h·w)
//   x   [outer, height, width, inner]          f32  NHWC: outer = clips, inner = channels; NCHW: outer = clips · channels, inner = 1
//   y   [outer, height / h, width / w, inner]  f32  like x
//   dy  [outer, height / h, width / w, inner]  f32  like x
//   dx  [outer, height, width, inner]          f32  like x
// mapping   forward: one block per row of windows, threads stride over its width / w · inner results; backward: one block per row of x;
//           blocks of 256
// shared    none
// numerics  sums row by row in f32, times 1/(h·w)
// limits    any sizes, also 0; a rest smaller than a window is left out, its gradient is 0
// reference src/NativeRetrieval.Core/Cpu/AvgPool2d.cs
#include "common/types.cuh"

extern "C" __global__ void __launch_bounds__(256) avg_pool2d_forward_f32(
    const float* __restrict__ x, float* __restrict__ y, int height, int width, int inner, int h, int w)
{
    const int rows = height / h, columns = width / w, outer = blockIdx.x / rows, row = blockIdx.x % rows;
    const float factor = 1.0f / (h * w);
    for (int i = threadIdx.x; i < columns * inner; i += blockDim.x)
    {
        const float* const window = x + (((size_t)outer * height + row * h) * width + i / inner * w) * inner + i % inner;
        float sum = 0.0f;
        for (int r = 0; r < h; r++)
            for (int c = 0; c < w; c++) sum += window[((size_t)r * width + c) * inner];
        y[(size_t)blockIdx.x * columns * inner + i] = sum * factor;
    }
}

extern "C" __global__ void __launch_bounds__(256) avg_pool2d_backward_f32(
    const float* __restrict__ dy, float* __restrict__ dx, int height, int width, int inner, int h, int w)
{
    const int rows = height / h, columns = width / w, outer = blockIdx.x / height, row = blockIdx.x % height / h;
    const float factor = 1.0f / (h * w);
    for (int i = threadIdx.x; i < width * inner; i += blockDim.x)
    {
        const int column = i / inner / w;
        const bool inside = row < rows && column < columns;
        dx[(size_t)blockIdx.x * width * inner + i] =
            inside ? dy[(((size_t)outer * rows + row) * columns + column) * inner + i % inner] * factor : 0.0f;
    }
}
