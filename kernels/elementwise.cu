// add_scaled: y = a + scale * b · add_relu: y = max(a + b, 0) · relu: y = max(x, 0), dx = dy where y > 0, else 0
// scale: y = scale * x, times factor[0] where factor is not null · fill: y = value
//   all tensors [count] f32, in memory order
// mapping   a thread strides over groups of four neighbours, then over the rest, one by one; any grid and block size
// shared    none
// numerics  one rounding per operation, except for fused multiply-add; max(NaN, 0) is NaN
// limits    any count, also 0; y may be an input; groups of four where all addresses are multiples of 16, single elements elsewhere
// reference Core/Cpu/AddScaled.cs, AddRelu.cs, Relu.cs, Scale.cs
#include "common/types.cuh"

NR_DEVICE float rectified(float value) { return value < 0.0f ? 0.0f : value; }

NR_DEVICE bool is_aligned(const void* a, const void* b, const void* y) { return (((size_t)a | (size_t)b | (size_t)y) & 15) == 0; }

// y[i] = function(a[i], b[i]); an input that is not used may be y itself.
template <class Function>
NR_DEVICE void for_each(const float* a, const float* b, float* y, long long count, Function function)
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x, threads = (long long)gridDim.x * blockDim.x;
    const long long groups = is_aligned(a, b, y) ? count / 4 : 0;
    for (long long i = thread; i < groups; i += threads)
    {
        const float4 left = ((const float4*)a)[i], right = ((const float4*)b)[i];
        ((float4*)y)[i] = make_float4(function(left.x, right.x), function(left.y, right.y), function(left.z, right.z), function(left.w, right.w));
    }
    for (long long i = groups * 4 + thread; i < count; i += threads) y[i] = function(a[i], b[i]);
}

extern "C" __global__ void __launch_bounds__(256) elementwise_add_scaled_f32(const float* a, const float* b, float scale, float* y, long long count)
{
    for_each(a, b, y, count, [scale](float left, float right) { return left + scale * right; });
}

extern "C" __global__ void __launch_bounds__(256) elementwise_add_relu_f32(const float* a, const float* b, float* y, long long count)
{
    for_each(a, b, y, count, [](float left, float right) { return rectified(left + right); });
}

extern "C" __global__ void __launch_bounds__(256) elementwise_relu_f32(const float* x, float* y, long long count)
{
    for_each(x, x, y, count, [](float value, float) { return rectified(value); });
}

extern "C" __global__ void __launch_bounds__(256) elementwise_relu_backward_f32(const float* dy, const float* y, float* dx, long long count)
{
    for_each(dy, y, dx, count, [](float gradient, float value) { return value > 0.0f ? gradient : 0.0f; });
}

extern "C" __global__ void __launch_bounds__(256) elementwise_scale_f32(const float* x, const float* factor, float scale, float* y, long long count)
{
    const float both = factor ? scale * factor[0] : scale;
    for_each(x, x, y, count, [both](float value, float) { return value * both; });
}

extern "C" __global__ void __launch_bounds__(256) elementwise_fill_f32(float value, float* y, long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x) y[i] = value;
}
