// SpecAugment's stripes of a clip: the same as SpecAugmentOptions.Stripe draws on the host, integer by integer.
//   stripe s (time stripes first) has width = below(number 2k, limit), at most the extent, and start = below(number 2k + 1, max(1, extent - width)),
//   with k = clip * stripes + s and extent = the clip's own frames, or the bins; mel stripes end with the clip's own frames
#pragma once
#include "common/types.cuh"
#include "common/philox.cuh"

struct stripe_rule
{
    int time_stripes, time_limit, mel_stripes, mel_limit;
    philox source;
};

// Draws a clip's stripes, (start, end) each, by the whole block; they may be read after a barrier.
NR_DEVICE void draw_stripes(const stripe_rule& rule, int clip, int own, int bins, int2* stripe)
{
    const int stripes = rule.time_stripes + rule.mel_stripes;
    for (int s = threadIdx.x; s < stripes; s += blockDim.x)
    {
        const bool time = s < rule.time_stripes;
        const int extent = time ? own : bins;
        const philox_word number = 2 * ((philox_word)clip * stripes + s);
        const int width = min(philox_below(philox_uint(rule.source, number), time ? rule.time_limit : rule.mel_limit), extent);
        const int start = philox_below(philox_uint(rule.source, number + 1), max(1, extent - width));
        stripe[s] = make_int2(start, start + width);
    }
}

NR_DEVICE bool in_stripe(const stripe_rule& rule, const int2* stripe, int frame, int bin, int own)
{
    bool inside = false;
    for (int s = 0; s < rule.time_stripes + rule.mel_stripes; s++)
    {
        const int place = s < rule.time_stripes ? frame : bin;
        inside |= place >= stripe[s].x && place < stripe[s].y && (s < rule.time_stripes || frame < own);
    }
    return inside;
}
