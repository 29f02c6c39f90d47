// y = max(a + b, 0)
//   a  [count]  f32 or bf16  memory order
//   b  [count]  like a       memory order
//   y  [count]  like a       memory order
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  one rounding; max(NaN, 0) is NaN
// limits    any count, also 0; y may be a or b
// reference src/NativeRetrieval.Core/Cpu/AddRelu.cs
#include "common/elementwise.cuh"

template <class T>
NR_DEVICE void forward(const T* a, const T* b, T* y, long long count)
{
    for_each(a, b, y, count, [](float left, float right) { return rectified(left + right); });
}

extern "C" __global__ void __launch_bounds__(256) add_relu_forward_f32(const float* a, const float* b, float* y, long long count)
{
    forward(a, b, y, count);
}

extern "C" __global__ void __launch_bounds__(256) add_relu_forward_bf16(const bf16* a, const bf16* b, bf16* y, long long count)
{
    forward(a, b, y, count);
}
