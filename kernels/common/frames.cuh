// Own frames of a clip; a length outside 0 … frames counts as the nearer end.
//   lengths [clips] i32, or null: all frames
#pragma once
#include "common/types.cuh"

NR_DEVICE int own_frames(const int* __restrict__ lengths, int clip, int frames)
{
    return lengths ? min(max(lengths[clip], 0), frames) : frames;
}
