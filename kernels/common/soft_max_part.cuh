// A soft-max over some items: the largest score, the sum of exponentials against it, the sum of the positives' scores and their number.
// In memory it is a float4 of these.
#pragma once
#include "common/types.cuh"

struct part
{
    float largest, sum, match, count;
};

NR_DEVICE part no_part() { return { __int_as_float(0xff800000), 0.0f, 0.0f, 0.0f }; }

NR_DEVICE part load_part(const float4* source)
{
    const float4 word = *source;
    return { word.x, word.y, word.z, word.w };
}

NR_DEVICE void store_part(float4* target, const part& p) { *target = make_float4(p.largest, p.sum, p.match, p.count); }

// The sum of a part against a score that is at least the part's largest; a part without scores adds 0.
NR_DEVICE float sum_against(const part& p, float largest) { return p.sum == 0.0f ? 0.0f : p.sum * expf(p.largest - largest); }

NR_DEVICE part joined(const part& a, const part& b)
{
    const float largest = fmaxf(a.largest, b.largest);
    return { largest, sum_against(a, largest) + sum_against(b, largest), a.match + b.match, a.count + b.count };
}

// log Σ e^score.
NR_DEVICE float log_sum(const part& p) { return p.largest + logf(p.sum); }

// Scores of a lane, those that count and those of positives by a bit each, joined with those of the lanes whose numbers differ from its
// own in the bits least .. most alone.
template <int Count>
NR_DEVICE part part_of(const float (&scores)[Count], unsigned included, unsigned positive, int least, int most)
{
    part all = no_part();
#pragma unroll
    for (int k = 0; k < Count; k++)
        if (included >> k & 1) all.largest = fmaxf(all.largest, scores[k]);
    for (int step = least; step <= most; step <<= 1) all.largest = fmaxf(all.largest, __shfl_xor_sync(0xffffffffu, all.largest, step));
#pragma unroll
    for (int k = 0; k < Count; k++)
    {
        if (included >> k & 1) all.sum += expf(scores[k] - all.largest);
        if (!(positive >> k & 1)) continue;
        all.match += scores[k];
        all.count += 1.0f;
    }
    for (int step = least; step <= most; step <<= 1)
    {
        all.sum += __shfl_xor_sync(0xffffffffu, all.sum, step);
        all.match += __shfl_xor_sync(0xffffffffu, all.match, step);
        all.count += __shfl_xor_sync(0xffffffffu, all.count, step);
    }
    return all;
}
