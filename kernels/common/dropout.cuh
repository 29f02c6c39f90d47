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

// index: the number of values[0], counted from the stream's first. Fastest where both are multiples of 4; Aligned: they are where Size is.
template <bool Aligned = false, int Size>
NR_DEVICE void drop(float (&values)[Size], const dropout& mask, philox_word index)
{
    if (mask.threshold == 0) return;
    const philox_word number = mask.source.first + index;
    if (Size % 4 != 0 || (!Aligned && number % 4 != 0))
    {
        // One number after the other: few registers, where only maps of odd sizes come.
#pragma unroll 1
        for (int i = 0; i < Size; i++)
        {
            const unsigned own = philox_number(mask.source, number + i);
#pragma unroll
            for (int k = 0; k < Size; k++) values[k] = k == i ? mask.keep(values[k], own) : values[k];
        }
        return;
    }
    if constexpr (Size % 4 == 0)
    {
#pragma unroll
        for (int k = 0; k < Size; k += 4)
        {
            const uint4 numbers = philox_block(mask.source, (number + k) / 4);
            values[k] = mask.keep(values[k], numbers.x);
            values[k + 1] = mask.keep(values[k + 1], numbers.y);
            values[k + 2] = mask.keep(values[k + 2], numbers.z);
            values[k + 3] = mask.keep(values[k + 3], numbers.w);
        }
    }
}
