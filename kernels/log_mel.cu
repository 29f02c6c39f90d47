// y[t, m] = scale[m] · 10·log10(max(Σ_k W[k, m]·|DFT(window · x around t·hop)[k]|², floor)) + shift[m]
//   with x reflected at both ends of a clip; frames behind length / hop + 1 are 0. M = 2^bits = window / 2 points, F = 2^frame_bits frames
//   waveform   [clips, samples]       f32  row-major
//   lengths    [clips]                i32  own samples of a clip, or null: samples
//   tables     [2M]                   f32  window
//              then [M]       complex f32  twiddles; those of the pass whose transforms have L points begin at M − L:
//                                          [q − 1, j] = e^(−2πi·rev(q)·j / L), rev(q) as the order in which a butterfly leaves its outputs
//              then [M / 2]   complex f32  unpacking, e^(−2πi·k / 2M)
//              then [Σ counts]        f32  weights W / 4, filter after filter
//   filters    [bins + 1]             i32  pairs: first frequency, place of the first weight; the next filter's place ends it
//   scale      [bins]                 f32, or null: 1
//   shift      [bins]                 f32, or null: 0
//   y          [clips, frames, bins]  f32  row-major
//   workspace  [blocks, 3M + 2]       f32  large: M complex points and M + 2 powers of each block
//   constants  [8, 32, 2]             f32  warp: window of the samples 2·(32·i + lane), + 1 with i = 0 … 3, 12 … 15, the small half
//              then [15, 32]  complex f32  e^(−2πi·lane·rev(q) / 512), q = 1 … 15
//              then [32]      complex f32  e^(−2πi·lane / 1024)
//              then [Σ steps, 32]     f32  weights W / 4 of each lane's part of a filter, round after round, zeros to its length
//   lanes      [rounds, 32]         2·i32  warp: first frequency and number of each lane's part, or −1; filter after filter
//   steps      [rounds]               i32  warp: the longest part of a round
//   parts      [bins + 1]             i32  warp: first part of each filter, and the number of all
//   fault      common/fault.cuh
// method    A block takes F neighbouring frames of a clip, reads the samples that they share once and transforms each frame, as M complex
//           points of two samples, in shared memory: radix-8 passes over registers, decimation in frequency, so that nothing is reordered.
//           The powers of the real spectrum are unpacked from the complex one, and each mel filter sums those of its few frequencies.
//           warp: a warp per frame of 1024 samples. Its 512 complex points are 16 × 32: a lane transforms 16 points 32 apart in registers,
//           one exchange over shared memory (rows of 32 points, places changed by the row: no two lanes in one bank) gives it 32 points, of
//           which it adds or subtracts the halves and transforms 16. It then has frequencies lane + 32·j, and those of their partners from
//           lane 32 − lane. What is the same for all frames stays in registers; w(i + 512) = 1 − w(i) halves the window. Filters are cut
//           into parts, which rounds of 32 take by their lengths, at frequencies in different banks where there is a choice.
// mapping   forward: blockIdx.x = (clip, group of F frames), 256 threads, four blocks on a multiprocessor; a pass is one butterfly of 8
//           points per thread and turn
//           warp: warps of 128 threads' blocks stride over frames, four blocks on a multiprocessor; for windows of 1024 samples
//           large: blocks of 256 threads stride over frames, for windows whose points do not fit into shared memory; they lie in the
//           workspace
// shared    dynamic. forward: max(F·M, ⌈F·(bins + 1) / 2⌉) complex and max((F − 1)·hop + 2M, F·(M + 1)) floats; large: bins + 1 floats;
//           warp: max(1024, 516 + parts) floats for each of four warps, in whole float4; static 2048 bytes
// memory    a sample is read from global memory once per group, the features are written once
// numerics  f32; one pass of radix 2 or 4 comes first where log2(M) asks for it; tables are rounded once from f64;
//           a filter's sum in the order of the frequencies
// limits    window 16 … 65536, a power of two; hop 1 … window; clips of at most 2^30 samples;
//           a length outside M + 1 … samples is a fault and the clip's rows are 0
// reference src/NativeRetrieval.Core/Cpu/LogMel.cs, LogMel/LogMelReference.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/fault.cuh"
#include "common/clip_samples.cuh"
#include "common/warp_spectrum.cuh"

struct front_end
{
    const float* __restrict__ tables;
    const int2* __restrict__ filters;
    int bits, hop, bins;
    float floor;

    NR_DEVICE int points() const { return 1 << bits; }
    NR_DEVICE const float2* window() const { return (const float2*)tables; }
    NR_DEVICE const float2* twiddles(int length) const { return (const float2*)tables + 2 * points() - length; }
    NR_DEVICE const float2* unpacking() const { return (const float2*)tables + 2 * points(); }
    NR_DEVICE const float* weights() const { return tables + 5 * points(); }
    NR_DEVICE int power_stride() const { return points() + 1; }
    NR_DEVICE int mel_stride() const { return bins + 1; } // frames' sums of one filter lie in different banks
};

struct epilogue
{
    const float* __restrict__ scale;
    const float* __restrict__ shift;
};

// Place of point i of a frame: i with its lower four bits changed by the upper ones, so that 16 lanes find 16 banks for neighbours, for
// neighbours 8 and 64 apart, and in bit-reversed order. It is linear over exclusive or: the place of a | b, without common bits, is
// place(a) ^ place(b).
NR_DEVICE int place(int i) { return i ^ ((i >> 4) & 7) ^ ((i >> 3) & 8) ^ ((i >> 5) & 4) ^ ((i >> 8) & 3); }

// Places of the points first + r * stride that a butterfly takes.
struct places
{
    int base, one, two, four;
    NR_DEVICE places(int frame, int first, int stride, int bits)
        : base((frame << bits) + place(first)), one(place(stride)), two(place(2 * stride)), four(place(4 * stride)) {}
    NR_DEVICE int operator[](int r) const { return base ^ (r & 1 ? one : 0) ^ (r & 2 ? two : 0) ^ (r & 4 ? four : 0); }
};

// Points, two neighbouring samples each, from the samples of a group of frames in shared memory.
struct staged_samples
{
    const float* segment;
    int hop;
    NR_DEVICE float2 point(int frame, int i) const
    {
        const float* const at = segment + frame * hop + 2 * i;
        return hop & 1 ? make_float2(at[0], at[1]) : *(const float2*)at;
    }
};

// Input of the first pass: windowed samples.
template <class Samples>
struct windowed
{
    Samples samples;
    const float2* __restrict__ window;

    template <int radix>
    NR_DEVICE void load(float2 (&v)[radix], int frame, int first, int stride) const
    {
#pragma unroll
        for (int r = 0; r < radix; r++)
        {
            const float2 weight = window[first + r * stride], x = samples.point(frame, first + r * stride);
            v[r] = make_float2(x.x * weight.x, x.y * weight.y);
        }
    }
};

// Input of later passes: the points that the one before wrote.
struct in_place
{
    const float2* points;
    int bits;

    template <int radix>
    NR_DEVICE void load(float2 (&v)[radix], int frame, int first, int stride) const
    {
        const places at(frame, first, stride, bits);
#pragma unroll
        for (int r = 0; r < radix; r++) v[r] = points[at[r]];
    }
};

// Transforms of radix * stride neighbouring points become radix transforms of stride points each, over all frames of the block.
template <int radix, class Source>
NR_DEVICE void pass(const front_end& front, const Source& source, float2* points, int frames, int stride_bits)
{
    constexpr int radix_bits = radix == 8 ? 3 : radix == 4 ? 2 : 1;
    const int stride = 1 << stride_bits, butterfly_bits = front.bits - radix_bits;
    const float2* const __restrict__ twiddles = front.twiddles(radix << stride_bits);
#pragma unroll 1
    for (int i = threadIdx.x; i < frames << butterfly_bits; i += blockDim.x)
    {
        const int frame = i >> butterfly_bits, b = i & ((1 << butterfly_bits) - 1);
        const int j = b & (stride - 1), first = ((b - j) << radix_bits) + j;
        float2 v[radix];
        source.load(v, frame, first, stride);
        butterfly<radix>(v);
        if (stride > 1)
        {
            const float2* __restrict__ twiddle = twiddles + j;
#pragma unroll
            for (int q = 1; q < radix; q++, twiddle += stride) v[q] = times(v[q], *twiddle);
        }
        const places at(frame, first, stride, front.bits);
#pragma unroll
        for (int r = 0; r < radix; r++) points[at[r]] = v[r];
    }
}

// The transforms of the block's frames: frequency k of a frame comes to lie at place(k with its bits reversed).
template <class Samples>
NR_DEVICE void transform(const front_end& front, const Samples& samples, float2* points, int frames)
{
    const windowed<Samples> source = { samples, front.window() };
    const int rest = front.bits % 3;
    int stride_bits = front.bits - (rest ? rest : 3);
    if (rest == 0) pass<8>(front, source, points, frames, stride_bits);
    else if (rest == 1) pass<2>(front, source, points, frames, stride_bits);
    else pass<4>(front, source, points, frames, stride_bits);
    while (stride_bits > 0)
    {
        stride_bits -= 3;
        __syncthreads();
        pass<8>(front, in_place{ points, front.bits }, points, frames, stride_bits);
    }
    __syncthreads();
}

// |2X[k]|² of the real frames' spectra from the packed ones, Z: 2X[k] = E + w·O and 2·conj X[M − k] = E − w·O with w = e^(−2πi·k / 2M),
// E = Z[k] + conj Z[M − k], O = −i·(Z[k] − conj Z[M − k]).
NR_DEVICE void powers(const front_end& front, const float2* points, float* power, int frames)
{
    const int half_bits = front.bits - 1, half = 1 << half_bits, size = front.points(), shift = 32 - front.bits;
    const float2* const __restrict__ unpacking = front.unpacking();
#pragma unroll 1
    for (int i = threadIdx.x; i < frames << half_bits; i += blockDim.x)
    {
        const int frame = i >> half_bits, k = i & (half - 1);
        const float2* const z = points + (frame << front.bits);
        float* const p = power + frame * front.power_stride();
        const float2 a = z[place(__brev(k) >> shift)], b = z[place(__brev((size - k) & (size - 1)) >> shift)];
        const float2 even = make_float2(a.x + b.x, a.y - b.y), odd = times(make_float2(a.y + b.y, b.x - a.x), unpacking[k]);
        p[k] = squared(even.x + odd.x, even.y + odd.y);
        p[size - k] = squared(even.x - odd.x, even.y - odd.y);
        if (k == 0) p[half] = 4.0f * squared(z[place(1)].x, z[place(1)].y); // its own partner, at bit-reversed 1
    }
}

// Lanes are frames first: those of one filter are as long, and their weights are one read.
NR_DEVICE void filter(const front_end& front, const float* power, float* mels, int frames, int frame_bits)
{
    const float* const __restrict__ weights = front.weights();
#pragma unroll 1
    for (int i = threadIdx.x; i < front.bins << frame_bits; i += blockDim.x)
    {
        const int frame = i & ((1 << frame_bits) - 1), bin = i >> frame_bits;
        if (frame >= frames) continue;
        const int2 from = front.filters[bin];
        const int count = front.filters[bin + 1].y - from.y;
        const float* const p = power + frame * front.power_stride() + from.x;
        float sum = 0.0f;
        for (int k = 0; k < count; k++) sum += weights[from.y + k] * p[k];
        mels[frame * front.mel_stride() + bin] = sum;
    }
}

NR_DEVICE float decibels(float power, const front_end& front, const epilogue& after, int bin)
{
    float value = 10.0f * log10f(fmaxf(power, front.floor));
    if (after.scale) value *= after.scale[bin];
    if (after.shift) value += after.shift[bin];
    return value;
}

// Normalised dB of `count` frames, of which `real` are the clip's; a warp per frame.
NR_DEVICE void finish(const front_end& front, const epilogue& after, const float* mels, float* __restrict__ y, int real, int count)
{
    for (int frame = threadIdx.x >> 5; frame < count; frame += blockDim.x >> 5)
        for (int bin = threadIdx.x & 31; bin < front.bins; bin += 32)
        {
            const float value = frame < real ? decibels(mels[frame * front.mel_stride() + bin], front, after, bin) : 0.0f;
            y[(size_t)frame * front.bins + bin] = value;
        }
}

// Samples of a clip that are its own, 0 for a length that is out of its range.
NR_DEVICE int own_samples(const int* __restrict__ lengths, int clip, int samples, int least, int* __restrict__ fault, bool tells)
{
    const int own = lengths ? lengths[clip] : samples;
    if (own >= least && own <= samples) return own;
    if (tells) report_fault(fault, LogMelLength, clip, own, samples);
    return 0;
}

extern "C" __global__ void __launch_bounds__(256, 4) log_mel_forward_f32(
    const float* __restrict__ waveform, const int* __restrict__ lengths, const float* __restrict__ tables, const int2* __restrict__ filters,
    int bits, int hop, int bins, float floor, const float* __restrict__ scale, const float* __restrict__ shift, float* __restrict__ y,
    int* __restrict__ fault, int samples, int frames, int frame_bits)
{
    NR_DYNAMIC_SHARED(float2, points);
    const front_end front = { tables, filters, bits, hop, bins, floor };
    const epilogue after = { scale, shift };
    const int group = 1 << frame_bits, groups = (frames + group - 1) >> frame_bits;
    const int clip = blockIdx.x / groups, first = (blockIdx.x % groups) << frame_bits, count = min(group, frames - first);
    const int own = own_samples(lengths, clip, samples, front.points() + 1, fault, first == 0 && threadIdx.x == 0);
    const int own_frames = own > 0 ? own / hop + 1 : 0;
    const int real = min(max(own_frames - first, 0), count);

    float* const mels = (float*)points; // after the spectrum has been read
    float* const segment = (float*)(points + max(group << bits, (group * front.mel_stride() + 1) / 2));
    float* const power = segment; // after the first pass
    if (real > 0)
    {
        const int start = first * hop - front.points(), needed = (real - 1) * hop + 2 * front.points();
        for (int i = threadIdx.x; i < needed; i += blockDim.x) segment[i] = waveform[(size_t)clip * samples + reflected(start + i, own)];
        __syncthreads();
        transform(front, staged_samples{ segment, hop }, points, real);
        powers(front, points, power, real);
        __syncthreads();
        filter(front, power, mels, real, frame_bits);
        __syncthreads();
    }
    finish(front, after, mels, y + ((size_t)clip * frames + first) * bins, real, count);
}

extern "C" __global__ void __launch_bounds__(256) log_mel_large_f32(
    const float* __restrict__ waveform, const int* __restrict__ lengths, const float* __restrict__ tables, const int2* __restrict__ filters,
    int bits, int hop, int bins, float floor, const float* __restrict__ scale, const float* __restrict__ shift, float* __restrict__ y,
    int* __restrict__ fault, int samples, int frames, int rows, float* workspace)
{
    NR_DYNAMIC_SHARED(float, mels);
    const front_end front = { tables, filters, bits, hop, bins, floor };
    const epilogue after = { scale, shift };
    float2* const points = (float2*)(workspace + (size_t)blockIdx.x * (3 * front.points() + 2));
    float* const power = (float*)(points + front.points());
    for (int i = blockIdx.x; i < rows; i += gridDim.x)
    {
        const int clip = i / frames, frame = i % frames;
        const int own = own_samples(lengths, clip, samples, front.points() + 1, fault, frame == 0 && threadIdx.x == 0);
        const int real = own > 0 && frame < own / hop + 1 ? 1 : 0;
        if (real > 0)
        {
            transform(front, clip_samples{ waveform + (size_t)clip * samples, frame * hop - front.points(), own }, points, 1);
            powers(front, points, power, 1);
            __syncthreads();
            filter(front, power, mels, 1, 0);
            __syncthreads();
        }
        finish(front, after, mels, y + (size_t)i * bins, real, 1);
        __syncthreads(); // the next frame's sums take the place of these
    }
}

extern "C" __global__ void __launch_bounds__(128, 4) log_mel_warp_f32(
    const float* __restrict__ waveform, const int* __restrict__ lengths, const float* __restrict__ constants,
    const int2* __restrict__ lanes, const int* __restrict__ steps, const int* __restrict__ parts, int rounds, int hop, int bins,
    float floor, const float* __restrict__ scale, const float* __restrict__ shift, float* __restrict__ y, int* __restrict__ fault,
    int samples, int frames, int rows, int floats)
{
    NR_DYNAMIC_SHARED(float, shared);
    __shared__ float2 window[LanePoints / 2 * 32]; // 16 registers less
    for (int i = threadIdx.x; i < LanePoints / 2 * 32; i += blockDim.x) window[i] = ((const float2*)constants)[i];
    __syncthreads();
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    float* const power = shared + warp * floats; // after the points have been read
    float* const sums = power + WarpPowers;
    const front_end front = { nullptr, nullptr, 9, hop, bins, floor };
    const epilogue after = { scale, shift };
    const lane_constants own(constants, lane);
    for (int i = blockIdx.x * warps + warp; i < rows; i += gridDim.x * warps)
    {
        const int clip = i / frames, frame = i % frames;
        const int own_length = own_samples(lengths, clip, samples, WarpPoints + 1, fault, frame == 0 && lane == 0);
        float* const __restrict__ target = y + (size_t)i * bins;
        if (own_length == 0 || frame > own_length / hop)
        {
            for (int bin = lane; bin < bins; bin += 32) target[bin] = 0.0f;
            continue;
        }
        float2 v[LanePoints];
        load_points(v, window, waveform + (size_t)clip * samples, frame * hop - WarpPoints, own_length, lane);
        transform(v, own, (float2*)power, lane);
        warp_powers(v, own, power, lane);
        __syncwarp();
        const float* __restrict__ weight = lane_constants::weights(constants) + lane;
        for (int round = 0; round < rounds; round++)
        {
            const int2 part = lanes[round * 32 + lane];
            const float* const p = power + part.x;
            const int count = steps[round];
            float sum = 0.0f;
#pragma unroll 4
            for (int k = 0; k < count; k++) sum += weight[k * 32] * p[k];
            weight += count * 32;
            if (part.y >= 0) sums[part.y] = sum;
        }
        __syncwarp();
        for (int bin = lane; bin < bins; bin += 32)
        {
            float sum = 0.0f;
            for (int part = parts[bin]; part < parts[bin + 1]; part++) sum += sums[part];
            target[bin] = decibels(sum, front, after, bin);
        }
        __syncwarp(); // the next frame's points take the place of these
    }
}
