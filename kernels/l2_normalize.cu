// y = x / max(‖x‖₂, ε) per row
// dx = (dy − y·Σ dy·y)/‖x‖, and dy/ε where ‖x‖ ≤ ε; y = x/‖x‖ again, which need not be read
//   x   [rows, width]  f32, bf16 or f16  row-major
//   y   [rows, width]  like x            row-major
//   dy  [rows, width]  like x            row-major
//   dx  [rows, width]  like x            row-major
// mapping   one block per row, any multiple of 32 threads up to 1024; threads stride the row
// shared    dynamic: blockDim.x / 32 floats
// numerics  sums in f32 over threads, then lanes, then warps; 1/‖x‖ is a correctly rounded division
// limits    any width and rows, also 0 (no block is launched for no row)
// reference src/NativeRetrieval.Core/Cpu/L2Normalize.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"

template <class T>
NR_DEVICE void forward(const T* __restrict__ x, T* __restrict__ y, float epsilon, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        const float value = to_float(x[first + i]);
        squares += value * value;
    }
    const float scale = 1.0f / fmaxf(sqrtf(block_sum(squares, partial)), epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x) store(&y[first + i], to_float(x[first + i]) * scale);
}

template <class T>
NR_DEVICE void backward(const T* __restrict__ dy, const T* __restrict__ x, T* __restrict__ dx, float epsilon, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    float squares = 0.0f, dot = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        const float value = to_float(x[first + i]);
        squares += value * value;
        dot += to_float(dy[first + i]) * value;
    }
    const float norm = sqrtf(block_sum(squares, partial)), inverse = 1.0f / fmaxf(norm, epsilon);
    dot = block_sum(dot, partial) * inverse;
    // Under the floor y = x / epsilon, which is linear in x: nothing is projected out.
    const float along = norm > epsilon ? dot * inverse : 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        store(&dx[first + i], (to_float(dy[first + i]) - to_float(x[first + i]) * along) * inverse);
}

#define ENTRY_POINTS(T)                                                                                        \
    extern "C" __global__ void __launch_bounds__(1024) l2_normalize_forward_##T(                               \
        const T* __restrict__ x, T* __restrict__ y, float epsilon, int width)                                  \
    {                                                                                                          \
        forward(x, y, epsilon, width);                                                                         \
    }                                                                                                          \
    extern "C" __global__ void __launch_bounds__(1024) l2_normalize_backward_##T(                              \
        const T* __restrict__ dy, const T* __restrict__ x, T* __restrict__ dx, float epsilon, int width)       \
    {                                                                                                          \
        backward(dy, x, dx, epsilon, width);                                                                   \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
ENTRY_POINTS(f16)
