// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): number i of a stream is a function of
// (seed, stream, i) alone. The same numbers as src/NativeRetrieval.Core/Rng/Philox.cs, so that masks drawn on either side are equal bit
// for bit.
#pragma once
#include "common/types.cuh"

typedef unsigned long long philox_word; // as on the host: 64 bits everywhere

struct __align__(16) philox
{
    philox_word seed, stream, first; // first: the number that counts as number 0
};

// The stream of a launch, from the parameters of a kernel that draws. Numbers on the device (null: zeros) move it, so that a launch that a
// CUDA graph repeats draws others: moves[0] is added to the stream, and moves[1] times per_token to the number that it begins with.
NR_DEVICE philox philox_of(long long seed, long long stream, long long first, long long per_token, const long long* __restrict__ moves)
{
    if (!moves) return { (philox_word)seed, (philox_word)stream, (philox_word)first };
    return { (philox_word)seed, (philox_word)(stream + moves[0]), (philox_word)(first + per_token * moves[1]) };
}

#define NR_PHILOX_PARAMETERS long long seed, long long stream, long long first, long long per_token, const long long* __restrict__ moves
#define NR_PHILOX philox_of(seed, stream, first, per_token, moves)
#define NR_PHILOX_OF_ITEMS philox_of(seed, stream, first, 0, moves) // no token moves it: the first number needs no register

// Numbers 4 * counter .. 4 * counter + 3 of the whole stream, whatever it begins with.
NR_DEVICE uint4 philox_block(philox source, philox_word counter)
{
    unsigned x0 = (unsigned)counter, x1 = (unsigned)(counter >> 32), x2 = (unsigned)source.stream, x3 = (unsigned)(source.stream >> 32);
    unsigned k0 = (unsigned)source.seed, k1 = (unsigned)(source.seed >> 32);
#pragma unroll
    for (int round = 0; round < 10; round++)
    {
        const philox_word a = 0xD2511F53ull * x0, b = 0xCD9E8D57ull * x2;
        x0 = (unsigned)(b >> 32) ^ x1 ^ k0;
        x1 = (unsigned)b;
        x2 = (unsigned)(a >> 32) ^ x3 ^ k1;
        x3 = (unsigned)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return make_uint4(x0, x1, x2, x3);
}

// Number `number` of the whole stream, uniform over all 32-bit values.
NR_DEVICE unsigned philox_number(philox source, philox_word number)
{
    const uint4 block = philox_block(source, number / 4);
    const unsigned place = (unsigned)number & 3;
    return place == 0 ? block.x : place == 1 ? block.y : place == 2 ? block.z : block.w;
}

// Number `index`, counted from the stream's first.
NR_DEVICE unsigned philox_uint(philox source, philox_word index) { return philox_number(source, source.first + index); }

// Uniform over 0 .. bound - 1, by multiply and shift, as PhiloxSequence.NextBelow.
NR_DEVICE int philox_below(unsigned number, int bound) { return (int)(((philox_word)number * (unsigned)bound) >> 32); }
