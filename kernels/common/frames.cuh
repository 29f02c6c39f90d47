// Frames of a clip that are its own; a length outside 0 .. frames counts as the nearer end. lengths [clips], or null: all.
#pragma once
#include "common/types.cuh"

NR_DEVICE int own_frames(const int* __restrict__ lengths, int clip, int frames) { return lengths ? min(max(lengths[clip], 0), frames) : frames; }
