// Activations in memory: f32, or bf16 that is widened when loaded and rounded to nearest even when stored. A pack is what a thread moves
// at a time: 16 bytes, four f32 or eight bf16; its address is a multiple of 16.
#pragma once
#include "common/types.cuh"

template <class T>
struct pack
{
    static constexpr int Size = 16 / (int)sizeof(T);
    float values[Size];
};

// Two numbers rounded to bf16 as one word, the first in its lower half.
NR_DEVICE unsigned bf16_pair(float low, float high)
{
#ifdef NR_EMU
    return (unsigned)to_bf16(low).bits | ((unsigned)to_bf16(high).bits << 16);
#else
    unsigned word;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
    return word;
#endif
}

NR_DEVICE bool is_aligned(const void* address) { return ((size_t)address & 15) == 0; }

NR_DEVICE pack<float> load_pack(const float* source)
{
    const float4 word = *(const float4*)source;
    return { { word.x, word.y, word.z, word.w } };
}

NR_DEVICE pack<bf16> load_pack(const bf16* source)
{
    const uint4 word = *(const uint4*)source;
    return { { __uint_as_float(word.x << 16), __uint_as_float(word.x & 0xffff0000u), __uint_as_float(word.y << 16),
        __uint_as_float(word.y & 0xffff0000u), __uint_as_float(word.z << 16), __uint_as_float(word.z & 0xffff0000u),
        __uint_as_float(word.w << 16), __uint_as_float(word.w & 0xffff0000u) } };
}

NR_DEVICE void store_pack(float* target, const pack<float>& p)
{
    *(float4*)target = make_float4(p.values[0], p.values[1], p.values[2], p.values[3]);
}

NR_DEVICE void store_pack(bf16* target, const pack<bf16>& p)
{
    *(uint4*)target = make_uint4(bf16_pair(p.values[0], p.values[1]), bf16_pair(p.values[2], p.values[3]),
        bf16_pair(p.values[4], p.values[5]), bf16_pair(p.values[6], p.values[7]));
}

// Four neighbours of bf16: 8 bytes.
NR_DEVICE void load_values(const bf16* source, float (&values)[4])
{
    const uint2 word = *(const uint2*)source;
    values[0] = __uint_as_float(word.x << 16);
    values[1] = __uint_as_float(word.x & 0xffff0000u);
    values[2] = __uint_as_float(word.y << 16);
    values[3] = __uint_as_float(word.y & 0xffff0000u);
}

NR_DEVICE void store_values(bf16* target, const float (&values)[4])
{
    *(uint2*)target = make_uint2(bf16_pair(values[0], values[1]), bf16_pair(values[2], values[3]));
}

// As many neighbours as the array has, a whole number of packs. Lanes side by side that take eight f32 each ask for half of every sector
// twice: beside bf16, four neighbours are the better share.
template <class T, int Count>
NR_DEVICE void load_values(const T* source, float (&values)[Count])
{
    constexpr int Size = pack<T>::Size;
#pragma unroll
    for (int k = 0; k < Count; k += Size)
    {
        const pack<T> read = load_pack(source + k);
#pragma unroll
        for (int i = 0; i < Size; i++) values[k + i] = read.values[i];
    }
}

template <class T, int Count>
NR_DEVICE void store_values(T* target, const float (&values)[Count])
{
    constexpr int Size = pack<T>::Size;
#pragma unroll
    for (int k = 0; k < Count; k += Size)
    {
        pack<T> written;
#pragma unroll
        for (int i = 0; i < Size; i++) written.values[i] = values[k + i];
        store_pack(target + k, written);
    }
}

// The same, or a single one.
template <class T, int Size>
NR_DEVICE void load_channels(const T* source, float (&values)[Size])
{
    if constexpr (Size == 1) values[0] = to_float(*source);
    else load_values(source, values);
}

template <class T, int Size>
NR_DEVICE void store_channels(T* target, const float (&values)[Size])
{
    if constexpr (Size == 1) store(target, values[0]);
    else store_values(target, values);
}
