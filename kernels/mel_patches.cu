// a clip's own frames stretched to side·side/bins by cubic convolution (a = -0.75, first on first, last on last, frames beyond an end those
// at the end), folded into an image [side, side]: row = chunk·bins + bin, column = frame in the chunk; its square patches, row by row
// dx: each own frame collects what the image's columns took from it; 0 behind a clip's own
//   x        [clips, frames, bins]                     f32          row-major
//   lengths  [clips]                                   i32          own frames; or null: all
//   y        [clips, (side / patch)², patch, patch]    f32 or bf16  row-major
//   dy       [clips, (side / patch)², patch, patch]    like y       row-major
//   dx       [clips, frames, bins]                     f32          row-major
// method    The image is the spectrogram turned: a block takes it from one order to the other by a square of 32 x 32 pixels in shared
//           memory. Backward takes 32 frames and 32 bins, and goes through the squares that lean on them.
// mapping   forward: blockIdx.x = square of a clip, y strides over clips; backward: blockIdx.x = 32 frames, y = 32 bins, z strides over
//           clips; blocks of 256: a lane has a bin
// shared    static: 4 KiB
// numerics  a place between frames is a ratio of whole numbers, rounded once; four products in f32; backward adds in the order of columns;
//           bf16: y is rounded
// limits    side a multiple of bins and of patch; 1 … side·side/bins frames; a length outside 1 … frames counts as the nearer end
// reference src/NativeRetrieval.Core/Cpu/MelPatches.cs
#include "common/types.cuh"
#include "common/frames.cuh"

// Frames stretched from own to all.
struct stretch
{
    int own, all;
    long long own_steps, steps;

    NR_DEVICE int base(int j) const { return (int)(j * own_steps / steps); }
    NR_DEVICE float beyond(int j) const { return (float)(j * own_steps % steps) / (float)steps; }
    NR_DEVICE int frame(int start, int tap) const { return min(max(start - 1 + tap, 0), own - 1); }

    // The new frames that may lean on an old one, first … end − 1: all, where there is but one.
    NR_DEVICE int first(int frame) const
    {
        const long long before = (frame - 2) * steps + own_steps - 1;
        return own_steps == 0 || before < 0 ? 0 : (int)(before / own_steps);
    }
    NR_DEVICE int end(int frame) const
    {
        const long long behind = (frame + 2) * steps + own_steps - 1;
        return own_steps == 0 || behind / own_steps > all ? all : (int)(behind / own_steps);
    }
};

NR_DEVICE stretch stretch_of(const int* __restrict__ lengths, int clip, int frames, int all)
{
    const int own = max(own_frames(lengths, clip, frames), 1);
    return { own, all, own - 1, max(all - 1, 1) };
}

NR_DEVICE float cubic(float d)
{
    return d <= 1.0f ? (1.25f * d - 2.25f) * d * d + 1.0f : ((-0.75f * d + 3.75f) * d - 6.0f) * d + 3.0f;
}

// Weight of tap 0 … 3, t the way from the second to the third.
NR_DEVICE float weight(int tap, float t) { return cubic(tap == 0 ? t + 1.0f : tap == 1 ? t : tap == 2 ? 1.0f - t : 2.0f - t); }

constexpr int Square = 32, Warps = 8;

// Place of a pixel of a square in shared memory: neither lanes that are rows nor those of a few patches meet in a bank.
NR_DEVICE int at(int row, int column) { return row * Square + (column ^ (row % 4 * 8 | row / 4)); }

// A square's pixels in the order of the image's patches where these tile it, else row by row.
struct patch_order
{
    int patch;

    NR_DEVICE int row(int i) const { return i / (Square * patch) * patch + i / patch % patch; }
    NR_DEVICE int column(int i) const { return i / (patch * patch) % (Square / patch) * patch + i % patch; }
};

NR_DEVICE patch_order order_of(int patch) { return { Square % patch == 0 ? patch : Square }; }

// Place of an image's pixel among the values of its patches.
NR_DEVICE int place_of(int row, int column, int side, int patch)
{
    return (row / patch * (side / patch) + column / patch) * patch * patch + row % patch * patch + column % patch;
}

template <class T>
NR_DEVICE void forward(
    const float* __restrict__ x, const int* __restrict__ lengths, T* __restrict__ y, int clips, int frames, int bins, int side, int patch)
{
    __shared__ float square[Square * Square];
    const int lane = threadIdx.x & 31, across = (side + Square - 1) / Square;
    const int first_row = blockIdx.x / across * Square, first_column = blockIdx.x % across * Square, row = first_row + lane;
    const patch_order order = order_of(patch);
    for (int clip = blockIdx.y; clip < clips; clip += gridDim.y)
    {
        const stretch map = stretch_of(lengths, clip, frames, side / bins * side);
        const float* const source = x + (size_t)clip * frames * bins + row % bins;
        for (int column = threadIdx.x >> 5; column < Square; column += Warps)
        {
            if (row >= side || first_column + column >= side) continue;
            const int j = row / bins * side + first_column + column, start = map.base(j);
            const float t = map.beyond(j);
            float sum = 0.0f;
#pragma unroll
            for (int tap = 0; tap < 4; tap++) sum += weight(tap, t) * source[(size_t)map.frame(start, tap) * bins];
            square[at(lane, column)] = sum;
        }
        __syncthreads();
        T* const target = y + (size_t)clip * side * side;
        for (int i = threadIdx.x; i < Square * Square; i += blockDim.x)
        {
            const int r = order.row(i), c = order.column(i);
            if (first_row + r < side && first_column + c < side)
                store(target + place_of(first_row + r, first_column + c, side, patch), square[at(r, c)]);
        }
        __syncthreads();
    }
}

template <class T>
NR_DEVICE void backward(
    const T* __restrict__ dy, const int* __restrict__ lengths, float* __restrict__ dx, int clips, int frames, int bins, int side, int patch)
{
    constexpr int Held = Square / Warps; // frames of a warp
    __shared__ float square[Square * Square];
    const int lane = threadIdx.x & 31, first_frame = blockIdx.x * Square + (threadIdx.x >> 5), first_bin = blockIdx.y * Square;
    const patch_order order = order_of(patch);
    for (int clip = blockIdx.z; clip < clips; clip += gridDim.z)
    {
        const stretch map = stretch_of(lengths, clip, frames, side / bins * side);
        const T* const source = dy + (size_t)clip * side * side;
        float sums[Held] = {};
        const int begin = blockIdx.x * Square, behind = min(begin + Square, map.own);
        const int last = begin < behind ? map.end(behind - 1) : 0;
        for (int next, j = map.first(begin); j < last; j = next)
        {
            // The columns of one chunk in one square.
            const int chunk = j / side, first_column = j % side / Square * Square, first_row = chunk * bins + first_bin;
            const int columns = min((int)Square, side - first_column), begins = chunk * side + first_column;
            next = begins + columns;
            __syncthreads(); // the last one may still be read
            for (int i = threadIdx.x; i < Square * Square; i += blockDim.x)
            {
                const int r = order.row(i), c = order.column(i);
                if (first_bin + r < bins && c < columns)
                    square[at(r, c)] = to_float(source[place_of(first_row + r, first_column + c, side, patch)]);
            }
            __syncthreads();
#pragma unroll
            for (int k = 0; k < Held; k++)
            {
                const int frame = first_frame + k * Warps;
                if (frame >= behind || first_bin + lane >= bins) continue;
                for (int i = max(map.first(frame), begins); i < min(map.end(frame), next); i++)
                {
                    const int start = map.base(i);
                    const float t = map.beyond(i);
                    float share = 0.0f;
#pragma unroll
                    for (int tap = 0; tap < 4; tap++)
                        if (map.frame(start, tap) == frame) share += weight(tap, t);
                    sums[k] += share * square[at(lane, i - begins)];
                }
            }
        }
#pragma unroll
        for (int k = 0; k < Held; k++)
        {
            const int frame = first_frame + k * Warps, bin = first_bin + lane;
            if (frame < frames && bin < bins) dx[((size_t)clip * frames + frame) * bins + bin] = sums[k];
        }
    }
}

#define ENTRY_POINTS(T)                                                                                                     \
    extern "C" __global__ void __launch_bounds__(256) mel_patches_forward_##T(                                              \
        const float* __restrict__ x, const int* __restrict__ lengths, T* __restrict__ y, int clips, int frames, int bins,   \
        int side, int patch)                                                                                                \
    {                                                                                                                       \
        forward(x, lengths, y, clips, frames, bins, side, patch);                                                           \
    }                                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) mel_patches_backward_##T(                                             \
        const T* __restrict__ dy, const int* __restrict__ lengths, float* __restrict__ dx, int clips, int frames, int bins, \
        int side, int patch)                                                                                                \
    {                                                                                                                       \
        backward(dy, lengths, dx, clips, frames, bins, side, patch);                                                        \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
