// y = x in another type
//   x  [count]  f32 to bf16: f32; bf16 to f32: bf16  memory order
//   y  [count]  the other                            memory order
// mapping   a thread strides over groups of eight elements, then over the rest; any grid, blocks of 256
// shared    none
// numerics  to bf16 rounds to nearest even, to f32 is exact
// limits    any count, also 0
// reference src/NativeRetrieval.Core/Cpu/Cast.cs
#include "common/storage.cuh"

extern "C" __global__ void __launch_bounds__(256) cast_to_bf16(const float* __restrict__ x, bf16* __restrict__ y, long long count)
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x, threads = (long long)gridDim.x * blockDim.x;
    const long long groups = is_aligned(x) && is_aligned(y) ? count / 8 : 0;
    for (long long i = thread; i < groups; i += threads)
    {
        float values[8];
        load_values(x + i * 8, values);
        store_values(y + i * 8, values);
    }
    for (long long i = groups * 8 + thread; i < count; i += threads) store(y + i, x[i]);
}

extern "C" __global__ void __launch_bounds__(256) cast_to_f32(const bf16* __restrict__ x, float* __restrict__ y, long long count)
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x, threads = (long long)gridDim.x * blockDim.x;
    const long long groups = is_aligned(x) && is_aligned(y) ? count / 8 : 0;
    for (long long i = thread; i < groups; i += threads)
    {
        float values[8];
        load_values(x + i * 8, values);
        store_values(y + i * 8, values);
    }
    for (long long i = groups * 8 + thread; i < count; i += threads) y[i] = to_float(x[i]);
}
