// y = mean over 2 × 2 pixels of max(w₂ ∗ h + b₂, 0) with h = max(w₁ ∗ x + b₁, 0): a convolutional encoder's first block in inference. h is
// 0 outside the map and in frames behind a clip's own, and so is y where a window reaches behind them.
//   x        [clips, frames, width]           f32          one channel, zero border
//   kernels  [64, 3, 3]                       f32          w₁
//   shift    [64]                             f32          b₁
//   filters  [64, 3, 3, 64]                   f32 or bf16  w₂, [outputs, taps, inputs]
//   bias     [64]                             f32          b₂
//   lengths  [clips]                          i32          own frames, or null: frames
//   y        [clips, frames/2, width/2, 64]   like w₂      NHWC
// method    h of a tile of 8 × 64 pixels and its border is computed into shared memory and never stored; w₂ passes by a tap at a time,
//           the next one on its way. In 16 bytes a lane has what it feeds to two products of the tensor cores: which of a chunk's channels
//           meet there does not matter as long as both operands agree. Chunks of odd columns and odd outputs lie four places further on,
//           so that the lanes of a load meet all banks.
// mapping   blocks of 8 warps stride over tiles; a warp has two rows of 32 pixels and all outputs, the upper row in the upper half of a
//           product's sixteen, so that the mean's rows meet in a thread and its columns in lanes four apart
// shared    dynamic: sizeof(block_memory), 207,952 bytes for f32, 107,088 for bf16
// numerics  h in f32 and rounded once, to TF32 or bf16; w₂ to TF32; sums, bias and mean in f32
// limits    64 channels and 3 × 3 kernels alone; any clips, frames and width, also 0; f32 needs sm_90
// reference src/NativeRetrieval.Core/Cpu/PackedConvBlock.cs
#include "common/async_copy.cuh"
#include "common/frames.cuh"
#include "common/shared.cuh"
#include "common/storage.cuh"
#include "common/tensor_core.cuh"

constexpr int Channels = 64, Taps = 9, Rows = 8, Columns = 64, Threads = 256, Pixels = 3;
constexpr int HiddenRows = Rows + 2, HiddenColumns = Columns + 2, InputRows = Rows + 4, InputColumns = Columns + 4;

template <class T>
struct block_memory
{
    static constexpr int Chunks = Channels * (int)sizeof(T) / 16; // of 16 bytes, in a pixel's or an output's channels

    uint4 hidden[HiddenRows * HiddenColumns * Chunks];
    uint4 filters[2][Channels * Chunks];
    float input[InputRows][InputColumns];
    float kernels[Taps][Channels + 4], shift[Channels], bias[Channels]; // taps of a channel are written to different banks

    NR_DEVICE static int place(int line, int chunk) { return line * Chunks + (chunk ^ (line & 1) * 4); }

    NR_DEVICE void load_input(const float* __restrict__ x, int row0, int column0, int frames, int width)
    {
        for (int i = threadIdx.x; i < InputRows * InputColumns; i += Threads)
        {
            const int r = i / InputColumns, c = i % InputColumns, row = row0 + r - 2, column = column0 + c - 2;
            input[r][c] = row >= 0 && row < frames && column >= 0 && column < width ? x[(size_t)row * width + column] : 0.0f;
        }
    }

    NR_DEVICE void load_filters(const T* __restrict__ source, int tap, int stage)
    {
        for (int i = threadIdx.x; i < Channels * Chunks; i += Threads)
        {
            const int output = i / Chunks, chunk = i % Chunks;
            nr_copy_async16(&filters[stage][place(output, chunk)],
                source + ((size_t)output * Taps + tap) * Channels + chunk * pack<T>::Size);
        }
        nr_copy_async_commit();
    }
};

NR_DEVICE float rectified(float value) { return value < 0.0f ? 0.0f : value; }

// Channels as the tensor cores read them.
NR_DEVICE uint4 words(const float (&v)[4]) { return make_uint4(to_tf32(v[0]), to_tf32(v[1]), to_tf32(v[2]), to_tf32(v[3])); }

NR_DEVICE uint4 words(const float (&v)[8])
{
    return make_uint4(bf16_pair(v[0], v[1]), bf16_pair(v[2], v[3]), bf16_pair(v[4], v[5]), bf16_pair(v[6], v[7]));
}

// h of a tile whose first pixel is (row0, column0), with its border.
template <class T>
NR_DEVICE void compute_hidden(block_memory<T>& memory, int row0, int column0, int own, int width)
{
    constexpr int Chunks = block_memory<T>::Chunks, Size = pack<T>::Size, Across = HiddenColumns / Pixels;
    const int chunk = threadIdx.x % Chunks;
    float kernels[Taps][Size], shift[Size];
#pragma unroll
    for (int i = 0; i < Size; i++)
    {
        shift[i] = memory.shift[chunk * Size + i];
#pragma unroll
        for (int tap = 0; tap < Taps; tap++) kernels[tap][i] = memory.kernels[tap][chunk * Size + i];
    }
    for (int strip = threadIdx.x / Chunks; strip < HiddenRows * Across; strip += Threads / Chunks)
    {
        const int r = strip / Across, c = strip % Across * Pixels, row = row0 + r - 1;
        float values[Pixels][Size];
#pragma unroll
        for (int p = 0; p < Pixels; p++)
#pragma unroll
            for (int i = 0; i < Size; i++) values[p][i] = shift[i];
#pragma unroll
        for (int a = 0; a < 3; a++)
        {
            float taps[Pixels + 2];
#pragma unroll
            for (int p = 0; p < Pixels + 2; p++) taps[p] = memory.input[r + a][c + p];
#pragma unroll
            for (int b = 0; b < 3; b++)
#pragma unroll
                for (int p = 0; p < Pixels; p++)
#pragma unroll
                    for (int i = 0; i < Size; i++) values[p][i] = fmaf(kernels[a * 3 + b][i], taps[p + b], values[p][i]);
        }
#pragma unroll
        for (int p = 0; p < Pixels; p++)
        {
            const int column = column0 + c + p - 1;
            const bool real = row >= 0 && row < own && column >= 0 && column < width;
#pragma unroll
            for (int i = 0; i < Size; i++) values[p][i] = real ? rectified(values[p][i]) : 0.0f;
            memory.hidden[memory.place(r * HiddenColumns + c + p, chunk)] = words(values[p]);
        }
    }
}

// An output's 16 bytes, which are not rounded yet where they are f32.
NR_DEVICE uint4 filter_words(uint4 word, float)
{
    return make_uint4(to_tf32(__uint_as_float(word.x)), to_tf32(__uint_as_float(word.y)), to_tf32(__uint_as_float(word.z)),
        to_tf32(__uint_as_float(word.w)));
}

NR_DEVICE uint4 filter_words(uint4 word, bf16) { return word; }

NR_DEVICE void multiply(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], float) { nr_mma_tf32(d, a, b); }
NR_DEVICE void multiply(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], bf16) { nr_mma_bf16(d, a, b); }

constexpr int Tiles = 4, Groups = Channels / 8; // a warp's products: sixteen pixels, eight outputs

// Adds one tap. line: the tap's place in h for the lane's first pixel.
template <class T>
NR_DEVICE void add_tap(const block_memory<T>& memory, int stage, int line, float (&sums)[Tiles][Groups][4])
{
    const int g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
#pragma unroll 1
    for (int chunk = t; chunk < block_memory<T>::Chunks; chunk += 4)
    {
        unsigned b[Groups][2][2];
#pragma unroll
        for (int n = 0; n < Groups; n++)
        {
            const uint4 word = filter_words(memory.filters[stage][memory.place(8 * n + g, chunk)], T());
            b[n][0][0] = word.x;
            b[n][0][1] = word.y;
            b[n][1][0] = word.z;
            b[n][1][1] = word.w;
        }
#pragma unroll
        for (int m = 0; m < Tiles; m++)
        {
            const uint4 upper = memory.hidden[memory.place(line + 8 * m, chunk)];
            const uint4 lower = memory.hidden[memory.place(line + 8 * m + HiddenColumns, chunk)];
            const unsigned first[4] = { upper.x, lower.x, upper.y, lower.y }, second[4] = { upper.z, lower.z, upper.w, lower.w };
#pragma unroll
            for (int n = 0; n < Groups; n++) multiply(sums[m][n], first, b[n][0], T());
#pragma unroll
            for (int n = 0; n < Groups; n++) multiply(sums[m][n], second, b[n][1], T());
        }
    }
}

NR_DEVICE void store_pair(float* target, float first, float second) { *(float2*)target = make_float2(first, second); }
NR_DEVICE void store_pair(bf16* target, float first, float second) { *(unsigned*)target = bf16_pair(first, second); }

// Means of a warp's windows: neighbours of lanes in the even place store the even groups of outputs, those in the odd one the odd.
//   real: false where the windows reach behind the clip's own frames
template <class T>
NR_DEVICE void store_means(const float (&sums)[Tiles][Groups][4], const float* bias, bool real, T* row, int column0, int width)
{
    const int g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
#pragma unroll
    for (int n = 0; n < Groups; n++)
    {
        const float b0 = bias[8 * n + 2 * t], b1 = bias[8 * n + 2 * t + 1];
#pragma unroll
        for (int m = 0; m < Tiles; m++)
        {
            const float(&d)[4] = sums[m][n];
            float first = rectified(d[0] + b0) + rectified(d[2] + b0), second = rectified(d[1] + b1) + rectified(d[3] + b1);
            first += __shfl_xor_sync(0xffffffffu, first, 4);
            second += __shfl_xor_sync(0xffffffffu, second, 4);
            const int column = column0 + (8 * m + g) / 2;
            if (g % 2 == n % 2 && column < width)
                store_pair(row + (size_t)column * Channels + 8 * n + 2 * t, real ? 0.25f * first : 0.0f, real ? 0.25f * second : 0.0f);
        }
    }
}

template <class T>
NR_DEVICE void forward(const float* __restrict__ x, const float* __restrict__ kernels, const float* __restrict__ shift,
    const T* __restrict__ filters, const float* __restrict__ bias, const int* __restrict__ lengths, T* __restrict__ y, int clips,
    int frames, int width)
{
    NR_DYNAMIC_SHARED(block_memory<T>, memory);
    const int across = (width + Columns - 1) / Columns, down = (frames + Rows - 1) / Rows;
    for (int i = threadIdx.x; i < Taps * Channels; i += Threads) memory->kernels[i % Taps][i / Taps] = kernels[i];
    for (int i = threadIdx.x; i < Channels; i += Threads)
    {
        memory->shift[i] = shift[i];
        memory->bias[i] = bias[i];
    }
    const int warp = threadIdx.x >> 5, pair = warp / 2, column = warp % 2 * 32, g = (threadIdx.x & 31) >> 2;
    int stage = 0;
    memory->load_filters(filters, 0, stage);
    for (int tile = blockIdx.x; tile < clips * down * across; tile += gridDim.x)
    {
        const int column0 = tile % across * Columns, row0 = tile / across % down * Rows, clip = tile / (across * down);
        const int own = own_frames(lengths, clip, frames), row = row0 / 2 + pair;
        memory->load_input(x + (size_t)clip * frames * width, row0, column0, frames, width);
        __syncthreads(); // the tile before is done with, too
        compute_hidden(*memory, row0, column0, own, width);
        float sums[Tiles][Groups][4] = {};
#pragma unroll 1
        for (int tap = 0; tap < Taps; tap++)
        {
            nr_copy_async_wait<0>();
            __syncthreads(); // h and the tap are there, and the tap before it is done with
            memory->load_filters(filters, (tap + 1) % Taps, stage ^ 1); // of the next tile behind the last one
            add_tap(*memory, stage, (2 * pair + tap / 3) * HiddenColumns + column + g + tap % 3, sums);
            stage ^= 1;
        }
        if (row < frames / 2)
            store_means(sums, memory->bias, 2 * row + 1 < own, y + ((size_t)clip * (frames / 2) + row) * (width / 2) * Channels,
                (column0 + column) / 2, width / 2);
    }
    nr_copy_async_wait<0>();
}

typedef float f32;

#define ENTRY_POINT(T)                                                                                                                   \
    extern "C" __global__ void __launch_bounds__(Threads) packed_conv_block_forward_##T(const float* __restrict__ x,                     \
        const float* __restrict__ kernels, const float* __restrict__ shift, const T* __restrict__ filters,                               \
        const float* __restrict__ bias, const int* __restrict__ lengths, T* __restrict__ y, int clips, int frames, int width)            \
    {                                                                                                                                    \
        forward(x, kernels, shift, filters, bias, lengths, y, clips, frames, width);                                                     \
    }

ENTRY_POINT(f32)
ENTRY_POINT(bf16)
