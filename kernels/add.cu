// y = a + scale · b
//   a  [count]  f32  memory order
//   b  [count]  f32  memory order
//   y  [count]  f32  memory order
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  one rounding per operation, or one for both (fused multiply-add)
// limits    any count, also 0; y may be a
// reference src/NativeRetrieval.Core/Cpu/Add.cs
#include "common/elementwise.cuh"

extern "C" __global__ void __launch_bounds__(256) add_forward_f32(const float* a, const float* b, float scale, float* y, long long count)
{
    for_each(a, b, y, count, [scale](float left, float right) { return left + scale * right; });
}
