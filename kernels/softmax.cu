// yᵢ = e^(xᵢ − max x) / Σⱼ e^(xⱼ − max x) per row
// dx = y·(dy − Σ dy·y)
//   x   [rows, width]  f32, bf16 or f16  row-major
//   y   [rows, width]  like x            row-major
//   dy  [rows, width]  like x            row-major
//   dx  [rows, width]  like x            row-major
// mapping   one block per row, any multiple of 32 threads up to 1024; threads stride the row
// shared    dynamic: blockDim.x / 32 floats
// numerics  against the row's maximum; sums in f32 over threads, then lanes, then warps
// limits    any rows and width, also 0; x may be y, dy may be dx
// reference src/NativeRetrieval.Core/Cpu/Softmax.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"

template <class T>
NR_DEVICE void forward(const T* x, T* y, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    float largest = __int_as_float(0xff800000);
    for (int i = threadIdx.x; i < width; i += blockDim.x) largest = fmaxf(largest, to_float(x[first + i]));
    largest = block_max(largest, partial);
    float sum = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) sum += expf(to_float(x[first + i]) - largest);
    const float inverse = 1.0f / block_sum(sum, partial);
    // Each thread writes the elements that it alone has read: y may be x.
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        store(&y[first + i], expf(to_float(x[first + i]) - largest) * inverse);
}

template <class T>
NR_DEVICE void backward(const T* dy, const T* __restrict__ y, T* dx, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    float dot = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) dot += to_float(dy[first + i]) * to_float(y[first + i]);
    dot = block_sum(dot, partial);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        store(&dx[first + i], (to_float(dy[first + i]) - dot) * to_float(y[first + i]));
}

#define ENTRY_POINTS(T)                                                                                                             \
    extern "C" __global__ void __launch_bounds__(1024) softmax_forward_##T(const T* x, T* y, int width)                             \
    {                                                                                                                               \
        forward(x, y, width);                                                                                                       \
    }                                                                                                                               \
    extern "C" __global__ void __launch_bounds__(1024) softmax_backward_##T(const T* dy, const T* __restrict__ y, T* dx, int width) \
    {                                                                                                                               \
        backward(dy, y, dx, width);                                                                                                 \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
ENTRY_POINTS(f16)
