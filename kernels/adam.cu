// Global norm of many gradients: adam_squared_norm over all slots, then adam_clip: norm = sqrt(sum g^2), scale = min(1, limit / (norm + clip_epsilon))
// Step: g' = g * scale + p * decay; m = beta1 * m + rest1 * g'; v = beta2 * v + rest2 * g'^2; p = p * shrink - m * rate / (sqrt(v) * root_correction + epsilon)
//   slots [n] of { p, g, m, v [count] f32, count } in device memory · partials [gridDim.x * n] f64 · result [2] f64: scale, norm
//   rate = learning rate / (1 - beta1^t), root_correction = 1 / sqrt(1 - beta2^t); Adam: decay = weight decay, shrink = 1; AdamW: decay = 0, shrink = 1 - learning rate * weight decay
// mapping   squared_norm, step: blockIdx.y = slot, blocks of x and their threads stride the slot; clip: one block; any multiple of 32 threads up to 1024
// shared    squared_norm, clip static: 256 bytes
// numerics  squares are summed in f64 in an order that depends on the launch alone; the step is rounded as on the CPU, except for fused multiply-add
// limits    any counts, also 0; n at most 65535. `scale` may be null (1)
// reference Core/Cpu/Adam.cs
#include "common/types.cuh"
#include "common/reduce.cuh"

struct slot
{
    float *p, *g, *m, *v;
    long long count;
};

extern "C" __global__ void __launch_bounds__(1024) adam_squared_norm_f32(const slot* __restrict__ slots, double* __restrict__ partials)
{
    const slot own = slots[blockIdx.y];
    double sum = 0.0;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < own.count; i += (long long)gridDim.x * blockDim.x)
        sum += (double)own.g[i] * own.g[i];
    sum = block_total(sum);
    if (threadIdx.x == 0) partials[(size_t)blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(1024) adam_clip_f32(const double* __restrict__ partials, long long count, double limit, double clip_epsilon,
                                                                 double* __restrict__ result)
{
    double sum = 0.0;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) sum += partials[i];
    sum = block_total(sum);
    if (threadIdx.x != 0) return;
    const double norm = sqrt(sum);
    const double scale = limit / (norm + clip_epsilon);
    result[0] = scale > 1.0 ? 1.0 : scale;
    result[1] = norm;
}

extern "C" __global__ void __launch_bounds__(1024) adam_step_f32(const slot* __restrict__ slots, const double* __restrict__ scale, float beta1, float rest1, float beta2,
                                                                 float rest2, float rate, float root_correction, float epsilon, float decay, float shrink)
{
    const slot own = slots[blockIdx.y];
    const float factor = scale ? (float)scale[0] : 1.0f;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < own.count; i += (long long)gridDim.x * blockDim.x)
    {
        const float parameter = own.p[i], gradient = own.g[i] * factor + parameter * decay;
        const float first = own.m[i] * beta1 + gradient * rest1, second = own.v[i] * beta2 + gradient * gradient * rest2;
        own.m[i] = first;
        own.v[i] = second;
        own.p[i] = parameter * shrink - first * rate / (sqrtf(second) * root_correction + epsilon);
    }
}
