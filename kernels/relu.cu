// y = max(x, 0)
// dx = dy · [y > 0]
//   x   [count]  f32  memory order
//   y   [count]  f32  memory order
//   dy  [count]  f32  memory order
//   dx  [count]  f32  memory order
// mapping   threads stride over groups of four elements (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  exact; max(NaN, 0) is NaN
// limits    any count, also 0; y may be x, dx may be dy
// reference src/NativeRetrieval.Core/Cpu/Relu.cs
#include "common/elementwise.cuh"

extern "C" __global__ void __launch_bounds__(256) relu_forward_f32(const float* x, float* y, long long count)
{
    for_each(x, x, y, count, [](float value, float) { return rectified(value); });
}

extern "C" __global__ void __launch_bounds__(256) relu_backward_f32(const float* dy, const float* y, float* dx, long long count)
{
    for_each(dy, y, dx, count, [](float gradient, float value) { return value > 0.0f ? gradient : 0.0f; });
}
