// y[n, h, w] = x[n, 2h, 2w] | x[n, 2h + 1, 2w] | x[n, 2h, 2w + 1] | x[n, 2h + 1, 2w + 1]; dx the other way
//   x   [clips, height, width, channels]            f32  row-major
//   y   [clips, height / 2, width / 2, 4, channels] f32  row-major
//   dy  [clips, height / 2, width / 2, 4, channels] f32  row-major
//   dx  [clips, height, width, channels]            f32  row-major
// mapping   threads stride over the elements that are written; blocks of 256
// shared    none
// numerics  exact
// limits    any sizes, also 0; height and width even; rows are counted over all clips
// reference src/NativeRetrieval.Core/Cpu/MergePatches.cs
#include "common/types.cuh"

extern "C" __global__ void __launch_bounds__(256) merge_patches_forward_f32(
    const float* __restrict__ x, float* __restrict__ y, long long count, int width, int channels)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const int c = (int)(i % channels), part = (int)(i / channels % 4);
        const long long group = i / channels / 4, row = group / (width / 2) * 2 + part % 2, column = group % (width / 2) * 2 + part / 2;
        y[i] = x[(row * width + column) * channels + c];
    }
}

extern "C" __global__ void __launch_bounds__(256) merge_patches_backward_f32(
    const float* __restrict__ dy, float* __restrict__ dx, long long count, int width, int channels)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const int c = (int)(i % channels), column = (int)(i / channels % width);
        const long long row = i / channels / width, group = row / 2 * (width / 2) + column / 2;
        dx[i] = dy[(group * 4 + column % 2 * 2 + row % 2) * channels + c];
    }
}
