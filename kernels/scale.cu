// y = scale · x, or scale · factor · x where a factor is given
//   x       [count]  f32  memory order
//   factor  [1]      f32, or null
//   y       [count]  f32  memory order
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  scale · factor is rounded, then each product
// limits    any count, also 0; y may be x
// reference src/NativeRetrieval.Core/Cpu/Scale.cs
#include "common/elementwise.cuh"

extern "C" __global__ void __launch_bounds__(256) scale_forward_f32(
    const float* x, const float* factor, float scale, float* y, long long count)
{
    const float both = factor ? scale * factor[0] : scale;
    for_each(x, x, y, count, [both](float value, float) { return value * both; });
}
