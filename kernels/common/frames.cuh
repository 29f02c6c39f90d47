// Own frames of a clip; a length outside 0 … frames counts as the nearer end.
//   lengths [clips] i32, or null: all frames
#pragma once
#include "common/types.cuh"

NR_DEVICE int own_frames(const int* __restrict__ lengths, int clip, int frames)
{
    return lengths ? min(max(lengths[clip], 0), frames) : frames;
}

// Pixels of all clips' own frames.
NR_DEVICE double real_pixels(const int* __restrict__ lengths, int clips, int frames, int width)
{
    double count = 0.0;
    if (!lengths) count = (double)clips * frames;
    else
        for (int clip = 0; clip < clips; clip++) count += own_frames(lengths, clip, frames);
    return count * width;
}
