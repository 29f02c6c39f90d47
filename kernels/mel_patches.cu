// a clip's own frames stretched to side·side/bins by cubic convolution (a = -0.75, first on first, last on last, frames beyond an end those
// at the end), folded into an image [side, side]: row = chunk·bins + bin, column = frame in the chunk; its square patches, row by row
// dx: each own frame collects what the image's columns took from it; 0 behind a clip's own
//   x        [clips, frames, bins]                     f32  row-major
//   lengths  [clips]                                   i32  own frames; or null: all
//   y        [clips, (side / patch)², patch, patch]    f32  row-major
//   dy       [clips, (side / patch)², patch, patch]    f32  row-major
//   dx       [clips, frames, bins]                     f32  row-major
// mapping   threads stride over the elements that are written; blocks of 256
// shared    none
// numerics  a place between frames is a ratio of whole numbers, rounded once; four products in f32; backward adds in the order of columns
// limits    side a multiple of bins and of patch; 1 … side·side/bins frames; a length outside 1 … frames counts as the nearer end
// reference src/NativeRetrieval.Core/Cpu/MelPatches.cs
#include "common/types.cuh"
#include "common/frames.cuh"

// Frames stretched from own to all.
struct stretch
{
    int own;
    long long own_steps, steps;

    NR_DEVICE int base(int j) const { return (int)(j * own_steps / steps); }
    NR_DEVICE float beyond(int j) const { return (float)(j * own_steps % steps) / (float)steps; }
    NR_DEVICE int frame(int start, int tap) const { return min(max(start - 1 + tap, 0), own - 1); }
};

NR_DEVICE stretch stretch_of(const int* __restrict__ lengths, int clip, int frames, int all)
{
    const int own = max(own_frames(lengths, clip, frames), 1);
    return { own, own - 1, max(all - 1, 1) };
}

NR_DEVICE float cubic(float d)
{
    return d <= 1.0f ? (1.25f * d - 2.25f) * d * d + 1.0f : ((-0.75f * d + 3.75f) * d - 6.0f) * d + 3.0f;
}

// Weight of tap 0 … 3, t the way from the second to the third.
NR_DEVICE float weight(int tap, float t) { return cubic(tap == 0 ? t + 1.0f : tap == 1 ? t : tap == 2 ? 1.0f - t : 2.0f - t); }

extern "C" __global__ void __launch_bounds__(256) mel_patches_forward_f32(
    const float* __restrict__ x, const int* __restrict__ lengths, float* __restrict__ y, long long count, int frames, int bins, int side,
    int patch)
{
    const int per_side = side / patch;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const int clip = (int)(i / ((long long)side * side)), at = (int)(i % ((long long)side * side));
        const int token = at / (patch * patch), within = at % (patch * patch);
        const int row = token / per_side * patch + within / patch, column = token % per_side * patch + within % patch;
        const int j = row / bins * side + column, bin = row % bins;
        const stretch map = stretch_of(lengths, clip, frames, side / bins * side);
        const int start = map.base(j);
        const float t = map.beyond(j);
        float sum = 0.0f;
        for (int tap = 0; tap < 4; tap++)
            sum += weight(tap, t) * x[((size_t)clip * frames + map.frame(start, tap)) * bins + bin];
        y[i] = sum;
    }
}

extern "C" __global__ void __launch_bounds__(256) mel_patches_backward_f32(
    const float* __restrict__ dy, const int* __restrict__ lengths, float* __restrict__ dx, long long count, int frames, int bins, int side,
    int patch)
{
    const int per_side = side / patch, all = side / bins * side;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
    {
        const int bin = (int)(i % bins), frame = (int)(i / bins % frames), clip = (int)(i / bins / frames);
        const stretch map = stretch_of(lengths, clip, frames, all);
        float sum = 0.0f;
        if (frame < map.own)
        {
            // The new frames that may lean on this one: all, where there is but one.
            const long long before = (frame - 2) * map.steps + map.own_steps - 1, behind = (frame + 2) * map.steps + map.own_steps - 1;
            const int first = map.own_steps == 0 || before < 0 ? 0 : (int)(before / map.own_steps);
            const int end = map.own_steps == 0 || behind / map.own_steps > all ? all : (int)(behind / map.own_steps);
            for (int j = first; j < end; j++)
            {
                const int start = map.base(j);
                const float t = map.beyond(j);
                float share = 0.0f;
                for (int tap = 0; tap < 4; tap++)
                    if (map.frame(start, tap) == frame) share += weight(tap, t);
                const int row = j / side * bins + bin, column = j % side, token = row / patch * per_side + column / patch;
                sum += share * dy[(((size_t)clip * per_side * per_side + token) * patch + row % patch) * patch + column % patch];
            }
        }
        dx[i] = sum;
    }
}
