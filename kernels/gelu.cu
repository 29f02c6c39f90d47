// y = x·Φ(x), Φ the standard normal distribution function: exact GELU, not the tanh form
// dx = dy·(Φ(x) + x·φ(x)), φ the density
//   x   [count]  f32, bf16 or f16  row-major
//   y   [count]  like x
//   dy  [count]  like x
//   dx  [count]  like x
// mapping   one thread per element, any block size; a grid of any size strides
// shared    none
// numerics  Φ(x) = erfc(−x/√2)/2, which keeps its digits where 1 + erf cancels
// limits    any count, also 0; y may be x
// reference src/NativeRetrieval.Core/Cpu/Gelu.cs
#include "common/types.cuh"

NR_DEVICE float distribution(float x) { return 0.5f * erfcf(-0.70710678f * x); }

NR_DEVICE float density(float x) { return 0.39894228f * expf(-0.5f * x * x); }

template <class T>
NR_DEVICE void forward(const T* x, T* y, long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const float value = to_float(x[i]);
        store(&y[i], value * distribution(value));
    }
}

template <class T>
NR_DEVICE void backward(const T* __restrict__ dy, const T* __restrict__ x, T* __restrict__ dx, long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const float value = to_float(x[i]);
        store(&dx[i], to_float(dy[i]) * (distribution(value) + value * density(value)));
    }
}

#define ENTRY_POINTS(T)                                                                                    \
    extern "C" __global__ void __launch_bounds__(1024) gelu_forward_##T(const T* x, T* y, long long count) \
    {                                                                                                      \
        forward(x, y, count);                                                                              \
    }                                                                                                      \
    extern "C" __global__ void __launch_bounds__(1024) gelu_backward_##T(                                  \
        const T* __restrict__ dy, const T* __restrict__ x, T* __restrict__ dx, long long count)            \
    {                                                                                                      \
        backward(dy, x, dx, count);                                                                        \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
ENTRY_POINTS(f16)
