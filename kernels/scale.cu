// y = scale · x, or scale · factor · x where a factor is given
//   x       [count]  f32 or bf16  memory order
//   factor  [1]      f32, or null
//   y       [count]  like x       memory order
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  scale · factor is rounded, then each product; bf16: once more at the store
// limits    any count, also 0; y may be x
// reference src/NativeRetrieval.Core/Cpu/Scale.cs
#include "common/elementwise.cuh"

template <class T>
NR_DEVICE void forward(const T* x, const float* factor, float scale, T* y, long long count)
{
    const float both = factor ? scale * factor[0] : scale;
    for_each(x, x, y, count, [both](float value, float) { return value * both; });
}

extern "C" __global__ void __launch_bounds__(256) scale_forward_f32(
    const float* x, const float* factor, float scale, float* y, long long count)
{
    forward(x, factor, scale, y, count);
}

extern "C" __global__ void __launch_bounds__(256) scale_forward_bf16(
    const bf16* x, const float* factor, float scale, bf16* y, long long count)
{
    forward(x, factor, scale, y, count);
}
