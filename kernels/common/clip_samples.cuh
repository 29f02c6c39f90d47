// Samples of a clip as the points of a frame, mirrored at the clip's ends.
#pragma once
#include "common/types.cuh"

NR_DEVICE int reflected(int i, int length) { return i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i; }

// Points of one frame from the clip itself.
struct clip_samples
{
    const float* clip;
    int start, own;
    NR_DEVICE float2 point(int, int i) const
    {
        return make_float2(clip[reflected(start + 2 * i, own)], clip[reflected(start + 2 * i + 1, own)]);
    }
};
