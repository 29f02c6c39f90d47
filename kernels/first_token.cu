// y[b] = x[b, 0]
// dx[b, 0] = dy[b], 0 at other tokens
//   x   [sentences, tokens, width]  f32  row-major
//   y   [sentences, width]          f32  row-major
//   dy  [sentences, width]          f32  row-major
//   dx  [sentences, tokens, width]  f32  row-major
// mapping   forward: threads stride over y; backward: threads stride over dx; any grid, blocks of 256
// shared    none
// numerics  copies
// limits    any sentences and width, also 0; at least one token
// reference src/NativeRetrieval.Core/Cpu/FirstToken.cs
#include "common/types.cuh"

extern "C" __global__ void __launch_bounds__(256) first_token_forward_f32(
    const float* __restrict__ x, float* __restrict__ y, long long count, int tokens, int width)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
        y[i] = x[i / width * tokens * width + i % width];
}

extern "C" __global__ void __launch_bounds__(256) first_token_backward_f32(
    const float* __restrict__ dy, float* __restrict__ dx, long long count, int tokens, int width)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const long long token = i / width;
        dx[i] = token % tokens == 0 ? dy[token / tokens * width + i % width] : 0.0f;
    }
}
