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

// Numbers shift .. shift + 3 of two blocks; shift below 4.
NR_DEVICE uint4 numbers_of(const uint4& block, const uint4& next, unsigned shift)
{
    return shift == 0 ? block : shift == 1 ? make_uint4(block.y, block.z, block.w, next.x)
        : shift == 2 ? make_uint4(block.z, block.w, next.x, next.y) : make_uint4(block.w, next.x, next.y, next.z);
}

// index: the number of values[0], counted from the stream's first. Fastest where both are multiples of 4.
template <int Size>
NR_DEVICE void drop(float (&values)[Size], const dropout& mask, philox_word index)
{
    if (mask.threshold == 0) return;
    if constexpr (Size % 4 != 0)
    {
#pragma unroll
        for (int k = 0; k < Size; k++) values[k] = mask.keep(values[k], philox_uint(mask.source, index + k));
    }
    else
    {
        const philox_word number = mask.source.first + index;
        const unsigned shift = (unsigned)number & 3;
        uint4 block = philox_block(mask.source, number / 4);
#pragma unroll
        for (int k = 0; k < Size; k += 4)
        {
            uint4 next = block;
            if (k + 4 < Size || shift != 0) next = philox_block(mask.source, number / 4 + k / 4 + 1);
            const uint4 numbers = numbers_of(block, next, shift);
            block = next;
            values[k] = mask.keep(values[k], numbers.x);
            values[k + 1] = mask.keep(values[k + 1], numbers.y);
            values[k + 2] = mask.keep(values[k + 2], numbers.z);
            values[k + 3] = mask.keep(values[k + 3], numbers.w);
        }
    }
}
