// y = x·Φ(x), Φ the standard normal distribution function: exact GELU, not the tanh form
// dx = dy·(Φ(x) + x·φ(x)), φ the density
//   x   [count]  f32 or bf16  row-major
//   y   [count]  like x
//   dy  [count]  like x
//   dx  [count]  like x
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  Φ(x) = erfc(−x/√2)/2, which keeps its digits where 1 + erf cancels; bf16: rounded at the store
// limits    any count, also 0; y may be x, dx may be dy or x
// reference src/NativeRetrieval.Core/Cpu/Gelu.cs
#include "common/elementwise.cuh"
#include "common/gelu.cuh"

template <class T>
NR_DEVICE void forward(const T* x, T* y, long long count)
{
    for_each(x, x, y, count, [](float value, float) { return value * distribution(value); });
}

template <class T>
NR_DEVICE void backward(const T* dy, const T* x, T* dx, long long count)
{
    for_each(dy, x, dx, count, [](float gradient, float value) { return gradient * (distribution(value) + value * density(value)); });
}

extern "C" __global__ void __launch_bounds__(256) gelu_forward_f32(const float* x, float* y, long long count) { forward(x, y, count); }

extern "C" __global__ void __launch_bounds__(256) gelu_forward_bf16(const bf16* x, bf16* y, long long count) { forward(x, y, count); }

extern "C" __global__ void __launch_bounds__(256) gelu_backward_f32(const float* dy, const float* x, float* dx, long long count)
{
    backward(dy, x, dx, count);
}

extern "C" __global__ void __launch_bounds__(256) gelu_backward_bf16(const bf16* dy, const bf16* x, bf16* dx, long long count)
{
    backward(dy, x, dx, count);
}
