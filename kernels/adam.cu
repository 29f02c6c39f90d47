// Global norm of many gradients: adam_squared_norm over all slots, then adam_clip: norm = sqrt(sum g^2), scale = min(1, limit / (norm + clip_epsilon))
// Step: g' = g * scale + p * decay; m = beta1 * m + rest1 * g'; v = beta2 * v + rest2 * g'^2; p = p * shrink - m * rate / (sqrt(v) * root_correction + epsilon)
//   slots [n] of { p, g, m, v [count] f32, count } in device memory · partials [gridDim.x * n] f64 · result [2] f32: scale, norm
//   rate = learning rate / (1 - beta1^t), root_correction = 1 / sqrt(1 - beta2^t); Adam: decay = weight decay, shrink = 1; AdamW: decay = 0, shrink = 1 - learning rate * weight decay
// mapping   squared_norm, step: blockIdx.y = slot, blocks of x and their threads stride the slot; clip: one block; any multiple of 32 threads up to 1024
// shared    squared_norm, clip static: 256 bytes
// numerics  squares are summed in f64 in an order that depends on the launch alone; the step is rounded as on the CPU, except for fused multiply-add
// limits    any counts, also 0; n at most 65535. `scale` may be null (1)
// reference Core/Backends/Cpu/Adam.cs
#include "common/types.cuh"

struct slot
{
    float *p, *g, *m, *v;
    long long count;
};

// Sum over the block, in thread 0.
NR_DEVICE double block_total(double value)
{
    __shared__ double partial[32];
    for (int step = 16; step > 0; step >>= 1) value += __shfl_down_sync(0xffffffffu, value, step);
    if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = value;
    __syncthreads();
    if (threadIdx.x != 0) return 0.0;
    for (int warp = 1; warp < (int)blockDim.x >> 5; warp++) value += partial[warp];
    return value;
}

extern "C" __global__ void __launch_bounds__(1024) adam_squared_norm_f32(const slot* __restrict__ slots, double* __restrict__ partials)
{
    const slot own = slots[blockIdx.y];
    double sum = 0.0;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < own.count; i += (long long)gridDim.x * blockDim.x)
        sum += (double)own.g[i] * own.g[i];
    sum = block_total(sum);
    if (threadIdx.x == 0) partials[(size_t)blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(1024) adam_clip_f32(const double* __restrict__ partials, long long count, float limit, float clip_epsilon,
                                                                 float* __restrict__ result)
{
    double sum = 0.0;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) sum += partials[i];
    sum = block_total(sum);
    if (threadIdx.x != 0) return;
    const double norm = sqrt(sum);
    result[0] = fminf(1.0f, (float)(limit / (norm + clip_epsilon)));
    result[1] = (float)norm;
}

extern "C" __global__ void __launch_bounds__(1024) adam_step_f32(const slot* __restrict__ slots, const float* __restrict__ scale, float beta1, float rest1, float beta2,
                                                                 float rest2, float rate, float root_correction, float epsilon, float decay, float shrink)
{
    const slot own = slots[blockIdx.y];
    const float factor = scale ? scale[0] : 1.0f;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < own.count; i += (long long)gridDim.x * blockDim.x)
    {
        const float parameter = own.p[i], gradient = own.g[i] * factor + parameter * decay;
        const float first = own.m[i] * beta1 + gradient * rest1, second = own.v[i] * beta2 + gradient * gradient * rest2;
        own.m[i] = first;
        own.v[i] = second;
        own.p[i] = parameter * shrink - first * rate / (sqrtf(second) * root_correction + epsilon);
    }
}
