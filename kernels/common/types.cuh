// Element types without CUDA's headers, which NVRTC does not carry: bf16 and f16 are storage, arithmetic is done in f32.
#pragma once

#define NR_DEVICE __device__ __forceinline__

struct bf16 { unsigned short bits; };
struct f16 { unsigned short bits; };

NR_DEVICE float to_float(float value) { return value; }

NR_DEVICE float to_float(bf16 value) { return __uint_as_float((unsigned)value.bits << 16); }

// Round to nearest, ties to even; NaN stays NaN. The same integer steps as Core's BFloat16, so that both sides agree bit for bit.
NR_DEVICE bf16 to_bf16(float value)
{
    const unsigned word = __float_as_uint(value);
    if (value != value) return { (unsigned short)((word >> 16) | 0x40u) };
    return { (unsigned short)((word + 0x7fffu + ((word >> 16) & 1u)) >> 16) };
}

#ifdef NR_EMU
NR_DEVICE float to_float(f16 value)
{
    _Float16 half;
    __builtin_memcpy(&half, &value, sizeof half);
    return (float)half;
}

NR_DEVICE f16 to_f16(float value)
{
    const _Float16 half = (_Float16)value;
    f16 result;
    __builtin_memcpy(&result, &half, sizeof half);
    return result;
}
#else
NR_DEVICE float to_float(f16 value)
{
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
    return result;
}

NR_DEVICE f16 to_f16(float value)
{
    f16 result;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
    return result;
}
#endif

NR_DEVICE void store(float* target, float value) { *target = value; }
NR_DEVICE void store(bf16* target, float value) { *target = to_bf16(value); }
NR_DEVICE void store(f16* target, float value) { *target = to_f16(value); }
