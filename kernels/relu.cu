// y = max(x, 0)
// dx = dy · [y > 0]
//   x   [count]  f32 or bf16  memory order
//   y   [count]  like x       memory order
//   dy  [count]  like x       memory order
//   dx  [count]  like x       memory order
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  exact; max(NaN, 0) is NaN
// limits    any count, also 0; y may be x, dx may be dy
// reference src/NativeRetrieval.Core/Cpu/Relu.cs
#include "common/elementwise.cuh"

template <class T>
NR_DEVICE void forward(const T* x, T* y, long long count)
{
    for_each(x, x, y, count, [](float value, float) { return rectified(value); });
}

template <class T>
NR_DEVICE void backward(const T* dy, const T* y, T* dx, long long count)
{
    for_each(dy, y, dx, count, [](float gradient, float value) { return value > 0.0f ? gradient : 0.0f; });
}

extern "C" __global__ void __launch_bounds__(256) relu_forward_f32(const float* x, float* y, long long count) { forward(x, y, count); }

extern "C" __global__ void __launch_bounds__(256) relu_forward_bf16(const bf16* x, bf16* y, long long count) { forward(x, y, count); }

extern "C" __global__ void __launch_bounds__(256) relu_backward_f32(const float* dy, const float* y, float* dx, long long count)
{
    backward(dy, y, dx, count);
}

extern "C" __global__ void __launch_bounds__(256) relu_backward_bf16(const bf16* dy, const bf16* y, bf16* dx, long long count)
{
    backward(dy, y, dx, count);
}
