// g' = s·g + decay·p; m = β₁m + (1 − β₁)g'; v = β₂v + (1 − β₂)g'²; p = shrink·p − rate·m / (√v · root_correction + ε)
// with rate = η/(1 − β₁ᵗ) and root_correction = 1/√(1 − β₂ᵗ); Adam: decay = λ, shrink = 1; AdamW: decay = 0, shrink = 1 − η·λ
//   slots  [n]  { p, g, m, v [count] f32, p's copy [count] bf16 or null, count } (common/adam_slot.cuh)
//   rates  { rate, root_correction, shrink } f64 (common/adam_rates.cuh)
//   scale  [2]  f64 of clip_scale, s first; or null: s = 1
// mapping   blockIdx.y = slot, blocks of x and their threads stride over it; any multiple of 32 threads up to 1024
// shared    none
// numerics  rounded as on the CPU, except for fused multiply-add
// limits    any counts, also 0; n at most 65535
// reference src/NativeRetrieval.Core/Cpu/Adam.cs
#include "common/adam_rates.cuh"
#include "common/adam_slot.cuh"
#include "common/types.cuh"

extern "C" __global__ void __launch_bounds__(1024) adam_step_f32(
    const slot* __restrict__ slots, const adam_rates* __restrict__ rates, const double* __restrict__ scale, float beta1, float rest1,
    float beta2, float rest2, float epsilon, float decay)
{
    const float rate = (float)rates->rate, root_correction = (float)rates->root_correction, shrink = (float)rates->shrink;
    const slot own = slots[blockIdx.y];
    const float factor = scale ? (float)scale[0] : 1.0f;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < own.count; i += (long long)gridDim.x * blockDim.x)
    {
        const float parameter = own.p[i], gradient = own.g[i] * factor + parameter * decay;
        const float first = own.m[i] * beta1 + gradient * rest1, second = own.v[i] * beta2 + gradient * gradient * rest2;
        own.m[i] = first;
        own.v[i] = second;
        const float updated = parameter * shrink - first * rate / (sqrtf(second) * root_correction + epsilon);
        own.p[i] = updated;
        if (own.copy) own.copy[i] = to_bf16(updated);
    }
}
