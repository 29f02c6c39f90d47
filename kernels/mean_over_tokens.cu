// y[b] = 1/L Σ_{s<L} x[b, s], L = lengths[b]; zeros where L = 0
// dx[b, s] = dy[b]/L for s < L, else 0
//   x        [sentences, tokens, width]  f32  row-major
//   lengths  [sentences]                 i32
//   y        [sentences, width]          f32  row-major
//   dy       [sentences, width]          f32  row-major
//   dx       [sentences, tokens, width]  f32  row-major
//   fault    common/fault.cuh
// mapping   forward: blockIdx.y strides over sentences, blocks of x and their threads cover the width; backward: threads stride over dx;
//           blocks of 256
// shared    none
// numerics  sums in f32 in the order of the tokens, times 1/L
// limits    any sizes, also 0; a length outside 0 … tokens is a fault and counts as the nearer end
// reference src/NativeRetrieval.Core/Cpu/MeanOverTokens.cs
#include "common/types.cuh"
#include "common/fault.cuh"

extern "C" __global__ void __launch_bounds__(256) mean_over_tokens_forward_f32(
    const float* __restrict__ x, const int* __restrict__ lengths, float* __restrict__ y, int* __restrict__ fault,
    int sentences, int tokens, int width)
{
    const int d = blockIdx.x * blockDim.x + threadIdx.x;
    for (int sentence = blockIdx.y; sentence < sentences; sentence += gridDim.y)
    {
        const int own = lengths[sentence], used = min(max(own, 0), tokens);
        if (used != own && d == 0) report_fault(fault, MeanLength, sentence, own, tokens);
        if (d >= width) continue;
        float sum = 0.0f;
        for (int s = 0; s < used; s++) sum += x[((size_t)sentence * tokens + s) * width + d];
        y[(size_t)sentence * width + d] = sum * (1.0f / max(used, 1));
    }
}

extern "C" __global__ void __launch_bounds__(256) mean_over_tokens_backward_f32(
    const float* __restrict__ dy, const int* __restrict__ lengths, float* __restrict__ dx, long long count, int tokens, int width)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const long long token = i / width;
        const int sentence = (int)(token / tokens), used = min(max(lengths[sentence], 0), tokens);
        dx[i] = token % tokens < used ? dy[(size_t)sentence * width + i % width] * (1.0f / used) : 0.0f;
    }
}
