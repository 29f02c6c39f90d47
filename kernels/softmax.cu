// y[i] = exp(scale * (x[i] - max x)) / sum_j exp(scale * (x[j] - max x)) over the first `used` elements of a row, 0 behind them
// dx = scale * y * (dy - sum_j dy[j] * y[j]) there, 0 behind them
//   x, y, dy, dx [rows, width] f32, bf16 or f16, row-major · lengths [rows / rows_per_length] i32: used of each run of rows, or null: width
//   attention: rows (batch, head, query), rows_per_length = heads * queries, scale = 1 / sqrt(head width)
// mapping   one block per row, any multiple of 32 threads up to 1024; threads stride the row
// shared    dynamic: blockDim.x / 32 floats
// numerics  against the row's maximum; sums in f32 over threads, then lanes, then warps
// limits    any rows and width, also 0; a length of 0 gives zeros; x may be y, dy may be dx
// reference Core/Backends/Cpu/Softmax.cs, Attention.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"

NR_DEVICE int used_of(const int* __restrict__ lengths, int rows_per_length, int width)
{
    return lengths ? min(lengths[blockIdx.x / rows_per_length], width) : width;
}

template <class T>
NR_DEVICE void forward(const T* x, const int* __restrict__ lengths, int rows_per_length, float scale, T* y, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    const int used = used_of(lengths, rows_per_length, width);
    float largest = __int_as_float(0xff800000);
    for (int i = threadIdx.x; i < used; i += blockDim.x) largest = fmaxf(largest, to_float(x[first + i]));
    largest = block_max(largest, partial);
    float sum = 0.0f;
    for (int i = threadIdx.x; i < used; i += blockDim.x) sum += expf((to_float(x[first + i]) - largest) * scale);
    const float inverse = 1.0f / block_sum(sum, partial);
    // Each thread writes the elements that it alone has read: y may be x.
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        store(&y[first + i], i < used ? expf((to_float(x[first + i]) - largest) * scale) * inverse : 0.0f);
}

template <class T>
NR_DEVICE void backward(const T* dy, const T* __restrict__ y, const int* __restrict__ lengths, int rows_per_length, float scale, T* dx, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    const int used = used_of(lengths, rows_per_length, width);
    float dot = 0.0f;
    for (int i = threadIdx.x; i < used; i += blockDim.x) dot += to_float(dy[first + i]) * to_float(y[first + i]);
    dot = block_sum(dot, partial);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        store(&dx[first + i], i < used ? (to_float(dy[first + i]) - dot) * to_float(y[first + i]) * scale : 0.0f);
}

#define ENTRY_POINTS(T)                                                                                                          \
    extern "C" __global__ void __launch_bounds__(1024) softmax_forward_##T(                                                     \
        const T* x, const int* __restrict__ lengths, int rows_per_length, float scale, T* y, int width)                         \
    {                                                                                                                           \
        forward(x, lengths, rows_per_length, scale, y, width);                                                                  \
    }                                                                                                                           \
    extern "C" __global__ void __launch_bounds__(1024) softmax_backward_##T(                                                    \
        const T* dy, const T* __restrict__ y, const int* __restrict__ lengths, int rows_per_length, float scale, T* dx, int width) \
    {                                                                                                                           \
        backward(dy, y, lengths, rows_per_length, scale, dx, width);                                                            \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
ENTRY_POINTS(f16)
