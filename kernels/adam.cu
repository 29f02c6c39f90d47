// g' = s·g + decay·p; m = β₁m + (1 − β₁)g'; v = β₂v + (1 − β₂)g'²; p = shrink·p − rate·m / (√v · root_correction + ε)
// with rate = η/(1 − β₁ᵗ) and root_correction = 1/√(1 − β₂ᵗ); Adam: decay = λ, shrink = 1; AdamW: decay = 0, shrink = 1 − η·λ
//   slots   [n]          { p, g, m, v [count] f32, p's copy [count] bf16 or null, count } (common/adam_slot.cuh)
//   chunks  [gridDim.x]  { slot, part } (common/adam_slot.cuh)
//   rates   { rate, root_correction, shrink } f64 (common/adam_rates.cuh)
//   scale   [2]  f64 of clip_scale, s first; or null: s = 1
// mapping   a block per chunk of 64 K elements, its 256 threads stride over vectors of four; element by element where a tensor does not
//           begin at a multiple of 16 bytes, and for what is left of four
// shared    none
// numerics  rounded as on the CPU, except for fused multiply-add; the copy is p rounded to nearest even
// limits    chunks are of slots with count > 0
// reference src/NativeRetrieval.Core/Cpu/Adam.cs
#include "common/adam_rates.cuh"
#include "common/adam_slot.cuh"
#include "common/storage.cuh"

struct adam_numbers
{
    float scale, rate, root_correction, shrink, beta1, rest1, beta2, rest2, epsilon, decay;
};

NR_DEVICE void step(const adam_numbers& n, float g, float& p, float& m, float& v)
{
    const float gradient = g * n.scale + p * n.decay;
    m = m * n.beta1 + gradient * n.rest1;
    v = v * n.beta2 + gradient * gradient * n.rest2;
    p = p * n.shrink - m * n.rate / (sqrtf(v) * n.root_correction + n.epsilon);
}

extern "C" __global__ void __launch_bounds__(256) adam_step_f32(
    const slot* __restrict__ slots, const chunk* __restrict__ chunks, const adam_rates* __restrict__ rates,
    const double* __restrict__ scale, float beta1, float rest1, float beta2, float rest2, float epsilon, float decay)
{
    const adam_numbers numbers = { scale ? (float)scale[0] : 1.0f, (float)rates->rate, (float)rates->root_correction,
        (float)rates->shrink, beta1, rest1, beta2, rest2, epsilon, decay };
    const chunk place = chunks[blockIdx.x];
    const slot own = slots[place.slot];
    const long long first = first_of(place);
    const int count = count_of(place, own.count);
    float *const p = own.p + first, *const m = own.m + first, *const v = own.v + first;
    const float* const g = own.g + first;
    bf16* const copy = own.copy ? own.copy + first : nullptr;
    const bool aligned = is_aligned(p) && is_aligned(g) && is_aligned(m) && is_aligned(v) && ((size_t)copy & 7) == 0;
    const int vectors = aligned ? count / 4 : 0;
    for (int i = threadIdx.x; i < vectors; i += blockDim.x)
    {
        const pack<float> gradient = load_pack(g + 4 * i);
        pack<float> parameter = load_pack(p + 4 * i), mean = load_pack(m + 4 * i), square = load_pack(v + 4 * i);
#pragma unroll
        for (int k = 0; k < 4; k++) step(numbers, gradient.values[k], parameter.values[k], mean.values[k], square.values[k]);
        store_pack(p + 4 * i, parameter);
        store_pack(m + 4 * i, mean);
        store_pack(v + 4 * i, square);
        if (copy)
            *(uint2*)(copy + 4 * i) = make_uint2(
                bf16_pair(parameter.values[0], parameter.values[1]), bf16_pair(parameter.values[2], parameter.values[3]));
    }
    for (int i = 4 * vectors + threadIdx.x; i < count; i += blockDim.x)
    {
        float parameter = p[i], mean = m[i], square = v[i];
        step(numbers, g[i], parameter, mean, square);
        p[i] = parameter;
        m[i] = mean;
        v[i] = square;
        if (copy) copy[i] = to_bf16(parameter);
    }
}
