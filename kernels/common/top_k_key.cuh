// A score and its place as one integer that is the greater the better: higher scores first, equal ones by place, lower first, NaN behind
// every number. Keys of different places differ, so any way of choosing among them gives the same result. 0: no key.
#pragma once
#include "common/types.cuh"

typedef unsigned long long top_k_key;

// place: 0 .. 2^31 - 1
NR_DEVICE top_k_key top_k_key_of(float score, int place)
{
    // 0 and -0 are equal; the others are ordered as their bits, the negative ones the other way round.
    const unsigned word = __float_as_uint(score == 0.0f ? 0.0f : score);
    const unsigned order = score != score ? 0u : word ^ (word >> 31 ? 0xffffffffu : 0x80000000u);
    return (top_k_key)order << 32 | ~(unsigned)place;
}

NR_DEVICE int top_k_place(top_k_key key) { return (int)~(unsigned)key; }

// NaN and -0 come back as NaN and 0.
NR_DEVICE float top_k_score(top_k_key key)
{
    const unsigned order = (unsigned)(key >> 32);
    return __uint_as_float(order == 0 ? 0x7fc00000u : order ^ (order >> 31 ? 0x80000000u : 0xffffffffu));
}
