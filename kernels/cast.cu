// y = x in another type
//   x  [count]  f32 to bf16: f32; bf16 to f32: bf16  memory order
//   y  [count]  the other                            memory order
// mapping   a warp strides over groups of 256 elements, a lane has four neighbours of either half, so that requests are whole sectors in
//           both types; then threads stride over the rest; any grid, blocks of 256
// shared    none
// numerics  to bf16 rounds to nearest even, to f32 is exact
// limits    any count, also 0
// reference src/NativeRetrieval.Core/Cpu/Cast.cs
#include "common/storage.cuh"

template <class From, class To>
NR_DEVICE void forward(const From* __restrict__ x, To* __restrict__ y, long long count)
{
    constexpr int Half = 32 * 4, Group = 2 * Half;
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x, threads = (long long)gridDim.x * blockDim.x;
    const long long groups = is_aligned(x) && is_aligned(y) ? count / Group : 0;
    for (long long i = thread; i < groups * 32; i += threads)
    {
        const long long first = i / 32 * Group + i % 32 * 4;
        float low[4], high[4];
        load_values(x + first, low);
        load_values(x + first + Half, high);
        store_values(y + first, low);
        store_values(y + first + Half, high);
    }
    for (long long i = groups * Group + thread; i < count; i += threads) store(y + i, to_float(x[i]));
}

extern "C" __global__ void __launch_bounds__(256) cast_to_bf16(const float* __restrict__ x, bf16* __restrict__ y, long long count)
{
    forward(x, y, count);
}

extern "C" __global__ void __launch_bounds__(256) cast_to_f32(const bf16* __restrict__ x, float* __restrict__ y, long long count)
{
    forward(x, y, count);
}
