// y = tanh(x)
// dx = dy · (1 - y²)
//   x   [count]  f32  row-major
//   y   [count]  f32  row-major
//   dy  [count]  f32  row-major
//   dx  [count]  f32  row-major
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  tanhf, within 2 units in the last place
// limits    any count, also 0; y may be x, dx may be dy
// reference src/NativeRetrieval.Core/Cpu/Tanh.cs
#include "common/elementwise.cuh"

extern "C" __global__ void __launch_bounds__(256) tanh_forward_f32(const float* x, float* y, long long count)
{
    for_each(x, x, y, count, [](float value, float) { return tanhf(value); });
}

extern "C" __global__ void __launch_bounds__(256) tanh_backward_f32(const float* dy, const float* y, float* dx, long long count)
{
    for_each(dy, y, dx, count, [](float gradient, float value) { return gradient * (1.0f - value * value); });
}
