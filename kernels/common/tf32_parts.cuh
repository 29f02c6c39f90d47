// A float as hi, rounded to TF32, and lo, the rest rounded to TF32: to nearest, ties away from 0; towards 0 where nearest is infinity.
// again is hi once more, and 0 beside infinity and NaN: along a sum of three products a value meets the other operand's hi as hi alone,
// not its lo, whose 0 or sign would make NaN of infinity.
#pragma once
#include "common/types.cuh"

struct tf32_parts { float high, again, low; };

NR_DEVICE bool is_finite(unsigned bits) { return (bits & 0x7f800000u) != 0x7f800000u; }

NR_DEVICE tf32_parts split(float value)
{
    const unsigned bits = __float_as_uint(value), half = is_finite(bits + 0x1000u) ? 0x1000u : 0u;
    if (!is_finite(bits)) return { value, 0.0f, 0.0f };
    const float high = __uint_as_float((bits + half) & 0xffffe000u);
    return { high, high, __uint_as_float((__float_as_uint(value - high) + half) & 0xffffe000u) };
}
