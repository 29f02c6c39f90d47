// Dropout of values with neighbouring numbers of a Philox stream: number i belongs to element i, whatever the type or the mapping.
#pragma once
#include "common/philox.cuh"

// Numbers whose upper 24 bits are below threshold are dropped, the others times scale; threshold 0: none is.
struct dropout
{
    unsigned threshold;
    float scale;
    philox source;

    NR_DEVICE float keep(float value, unsigned number) const { return number >> 8 < threshold ? 0.0f : value * scale; }
};

// first: number of values[0]; a multiple of 4 where Size is.
template <int Size>
NR_DEVICE void drop(float (&values)[Size], const dropout& mask, philox_word first)
{
    if (mask.threshold == 0) return;
    if constexpr (Size % 4 != 0)
    {
#pragma unroll
        for (int k = 0; k < Size; k++) values[k] = mask.keep(values[k], philox_uint(mask.source, first + k));
    }
    else
    {
#pragma unroll
        for (int k = 0; k < Size; k += 4)
        {
            const uint4 numbers = philox_block(mask.source, (first + k) / 4);
            values[k] = mask.keep(values[k], numbers.x);
            values[k + 1] = mask.keep(values[k + 1], numbers.y);
            values[k + 2] = mask.keep(values[k + 2], numbers.z);
            values[k + 3] = mask.keep(values[k + 3], numbers.w);
        }
    }
}
