// y = γ·(x − μ)/√(σ² + ε) + β per row, σ² = mean((x − μ)²)
// dx = s·(g − mean(g) − n·mean(g·n)), g = γ·dy, n = (x − μ)·s, s = 1/√(σ² + ε); dγ = Σ dy·n, dβ = Σ dy over rows
//   x        [rows, width]  f32, bf16 or f16  row-major
//   gain     [width]        f32  γ
//   bias     [width]        f32  β
//   y        [rows, width]  like x            row-major
//   mean     [rows]         f32  μ
//   inverse  [rows]         f32  s
//   dy       [rows, width]  like x            row-major
//   dx       [rows, width]  like x            row-major
//   dgain    [width]        f32  dγ
//   dbias    [width]        f32  dβ
// mapping   forward, backward: one block per row, any multiple of 32 threads up to 1024, threads stride the row;
//           parameters: one block of 32 × 8 threads per 32 columns, lanes over columns, warps over rows
// shared    forward, backward dynamic: blockDim.x / 32 floats; parameters static: 2112 bytes
// numerics  sums in f32: over threads, then lanes, then warps; deviations are squared after the mean is known; column sums in a fixed order
// limits    any rows and width, also 0
// reference src/NativeRetrieval.Core/Cpu/LayerNorm.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"

template <class T>
NR_DEVICE void forward(
    const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ bias, float epsilon, T* __restrict__ y,
    float* __restrict__ mean, float* __restrict__ inverse, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    float sum = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x) sum += to_float(x[first + i]);
    const float centre = block_sum(sum, partial) / width;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        const float deviation = to_float(x[first + i]) - centre;
        squares += deviation * deviation;
    }
    const float scale = 1.0f / sqrtf(block_sum(squares, partial) / width + epsilon);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
        store(&y[first + i], (to_float(x[first + i]) - centre) * scale * gain[i] + bias[i]);
    if (threadIdx.x == 0)
    {
        mean[blockIdx.x] = centre;
        inverse[blockIdx.x] = scale;
    }
}

template <class T>
NR_DEVICE void backward(
    const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ mean,
    const float* __restrict__ inverse, T* __restrict__ dx, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    const float centre = mean[blockIdx.x], scale = inverse[blockIdx.x];
    float sum = 0.0f, dot = 0.0f;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        const float scaled = to_float(dy[first + i]) * gain[i];
        sum += scaled;
        dot += scaled * ((to_float(x[first + i]) - centre) * scale);
    }
    sum = block_sum(sum, partial) / width;
    dot = block_sum(dot, partial) / width;
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        const float normalized = (to_float(x[first + i]) - centre) * scale;
        store(&dx[first + i], scale * (to_float(dy[first + i]) * gain[i] - sum - normalized * dot));
    }
}

template <class T>
NR_DEVICE void parameters(
    const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ mean, const float* __restrict__ inverse,
    float* __restrict__ dgain, float* __restrict__ dbias, int rows, int width)
{
    constexpr int Warps = 8;
    __shared__ float gains[Warps][33], biases[Warps][33]; // 33: lanes of a column lie in different banks
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, column = blockIdx.x * 32 + lane;
    float gain = 0.0f, bias = 0.0f;
    if (column < width)
        for (int row = warp; row < rows; row += Warps)
        {
            const size_t i = (size_t)row * width + column;
            const float gradient = to_float(dy[i]);
            gain += gradient * ((to_float(x[i]) - mean[row]) * inverse[row]);
            bias += gradient;
        }
    gains[warp][lane] = gain;
    biases[warp][lane] = bias;
    __syncthreads();
    if (warp != 0 || column >= width) return;
    for (int other = 1; other < Warps; other++)
    {
        gain += gains[other][lane];
        bias += biases[other][lane];
    }
    dgain[column] = gain;
    dbias[column] = bias;
}

#define ENTRY_POINTS(T)                                                                                                            \
    extern "C" __global__ void __launch_bounds__(1024) layer_norm_forward_##T(                                                     \
        const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ bias, float epsilon, T* __restrict__ y, \
        float* __restrict__ mean, float* __restrict__ inverse, int width)                                                          \
    {                                                                                                                              \
        forward(x, gain, bias, epsilon, y, mean, inverse, width);                                                                  \
    }                                                                                                                              \
    extern "C" __global__ void __launch_bounds__(1024) layer_norm_backward_##T(                                                    \
        const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ mean,         \
        const float* __restrict__ inverse, T* __restrict__ dx, int width)                                                          \
    {                                                                                                                              \
        backward(dy, x, gain, mean, inverse, dx, width);                                                                           \
    }                                                                                                                              \
    extern "C" __global__ void __launch_bounds__(256) layer_norm_parameters_##T(                                                   \
        const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ mean, const float* __restrict__ inverse,      \
        float* __restrict__ dgain, float* __restrict__ dbias, int rows, int width)                                                 \
    {                                                                                                                              \
        parameters(dy, x, mean, inverse, dgain, dbias, rows, width);                                                               \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
ENTRY_POINTS(f16)
