// y = tanh(x)
// dx = dy · (1 - y²)
//   x   [count]  f32 or bf16  row-major
//   y   [count]  like x       row-major
//   dy  [count]  like x       row-major
//   dx  [count]  like x       row-major
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  tanhf, within 2 units in the last place; bf16: rounded at the store
// limits    any count, also 0; y may be x, dx may be dy
// reference src/NativeRetrieval.Core/Cpu/Tanh.cs
#include "common/elementwise.cuh"

template <class T>
NR_DEVICE void forward(const T* x, T* y, long long count)
{
    for_each(x, x, y, count, [](float value, float) { return tanhf(value); });
}

template <class T>
NR_DEVICE void backward(const T* dy, const T* y, T* dx, long long count)
{
    for_each(dy, y, dx, count, [](float gradient, float value) { return gradient * (1.0f - value * value); });
}

extern "C" __global__ void __launch_bounds__(256) tanh_forward_f32(const float* x, float* y, long long count) { forward(x, y, count); }

extern "C" __global__ void __launch_bounds__(256) tanh_forward_bf16(const bf16* x, bf16* y, long long count) { forward(x, y, count); }

extern "C" __global__ void __launch_bounds__(256) tanh_backward_f32(const float* dy, const float* y, float* dx, long long count)
{
    backward(dy, y, dx, count);
}

extern "C" __global__ void __launch_bounds__(256) tanh_backward_bf16(const bf16* dy, const bf16* y, bf16* dx, long long count)
{
    backward(dy, y, dx, count);
}
