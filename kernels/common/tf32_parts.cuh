// A float as hi, rounded to TF32, and lo, the rest rounded to TF32: to nearest, ties away from 0. Infinity and NaN are hi alone.
#pragma once
#include "common/types.cuh"

NR_DEVICE float rounded_to_tf32(float value)
{
    return __uint_as_float((__float_as_uint(value) + 0x1000u) & 0xffffe000u);
}

struct tf32_parts { float high, low; };

NR_DEVICE tf32_parts split(float value)
{
    if ((__float_as_uint(value) & 0x7f800000u) == 0x7f800000u) return { value, 0.0f };
    const float high = rounded_to_tf32(value);
    return { high, rounded_to_tf32(value - high) };
}
