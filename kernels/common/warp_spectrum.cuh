// The spectrum of a frame of 1024 samples by one warp, whose lanes keep what is the same for all frames. Tables: log_mel.cu.
#pragma once
#include "common/clip_samples.cuh"
#include "common/fourier.cuh"

constexpr int WarpWindow = 1024, WarpPoints = WarpWindow / 2, LanePoints = 16, WarpPowers = WarpPoints + 4;

// What a lane needs for each frame.
struct lane_constants
{
    float2 twiddles[LanePoints - 1], unpacking;

    NR_DEVICE lane_constants(const float* __restrict__ constants, int lane)
    {
        const float2* const __restrict__ pairs = (const float2*)constants + lane;
#pragma unroll
        for (int q = 1; q < LanePoints; q++) twiddles[q - 1] = pairs[(LanePoints / 2 + q - 1) * 32];
        unpacking = pairs[(LanePoints / 2 + LanePoints - 1) * 32];
    }

    static NR_DEVICE const float* weights(const float* constants) { return constants + 2 * 32 * (LanePoints / 2 + LanePoints); }
};

// A lane's windowed points, 32 apart, of the frame that begins at sample `start` of a clip.
NR_DEVICE void load_points(float2 (&v)[LanePoints], const float2* window, const float* __restrict__ clip, int start, int samples, int lane)
{
    const float* const first = clip + start + 2 * lane;
    if (start >= 0 && start + WarpWindow <= samples && ((size_t)first & 7) == 0)
    {
#pragma unroll
        for (int i = 0; i < LanePoints; i++) v[i] = *(const float2*)(first + 64 * i);
    }
    else
    {
        const clip_samples source = { clip, start, samples };
#pragma unroll
        for (int i = 0; i < LanePoints; i++) v[i] = source.point(0, 32 * i + lane);
    }
#pragma unroll
    for (int i = 0; i < LanePoints / 2; i++)
    {
        float2& small = v[i < 4 ? i : i + 8];
        float2& large = v[i < 4 ? i + 8 : i];
        const float2 weight = window[i * 32 + lane];
        small = make_float2(small.x * weight.x, small.y * weight.y);
        large = make_float2(large.x - large.x * weight.x, large.y - large.y * weight.y);
    }
}

NR_DEVICE constexpr int reversed4(int i) { return (i & 1) << 3 | (i & 2) << 1 | (i & 4) >> 1 | (i & 8) >> 3; }

// The transform over the warp: frequency lane + 32 * j comes to lie at reversed4(j).
NR_DEVICE void transform(float2 (&v)[LanePoints], const lane_constants& own, float2* points, int lane)
{
    butterfly<LanePoints>(v);
    points[lane] = v[0];
#pragma unroll
    for (int q = 1; q < LanePoints; q++)
    {
        const int row = reversed4(q);
        points[row * 32 + (lane ^ 2 * row)] = times(v[q], own.twiddles[q - 1]);
    }
    __syncwarp();
    const float4* const pairs = (const float4*)points;
    const int row = lane & 15, place = row * 16 + row; // the place of pair m of a row is that ^ m
    const bool odd = lane & 16;
    const float sign = odd ? -1.0f : 1.0f;
#pragma unroll
    for (int m = 0; m < LanePoints / 2; m++)
    {
        const float4 a = pairs[place ^ m], b = pairs[place ^ (m + LanePoints / 2)];
        v[2 * m] = make_float2(a.x + sign * b.x, a.y + sign * b.y);
        v[2 * m + 1] = make_float2(a.z + sign * b.z, a.w + sign * b.w);
    }
    __syncwarp();
    if (odd)
    {
#pragma unroll
        for (int m = 1; m < LanePoints; m++) v[m] = times(v[m], rotation(m));
    }
    butterfly<LanePoints>(v);
}

// |2X[k]|² of the frame's spectrum, as powers() gives it.
NR_DEVICE void warp_powers(const float2 (&v)[LanePoints], const lane_constants& own, float* power, int lane)
{
    const int partner = (32 - lane) & 31;
#pragma unroll
    for (int j = 0; j < LanePoints / 2; j++)
    {
        // The partner of frequency 32 * j, of lane 0, is one place further.
        const float2 left = v[reversed4((LanePoints - j) % LanePoints)], right = v[reversed4(LanePoints - 1 - j)];
        const float2 sent = make_float2(lane == 0 ? left.x : right.x, lane == 0 ? left.y : right.y), a = v[reversed4(j)];
        const float2 b = make_float2(__shfl_sync(0xffffffffu, sent.x, partner), __shfl_sync(0xffffffffu, sent.y, partner));
        const float2 even = make_float2(a.x + b.x, a.y - b.y);
        const float2 odd = times(make_float2(a.y + b.y, b.x - a.x), times(own.unpacking, rotation(j)));
        power[lane + 32 * j] = squared(even.x + odd.x, even.y + odd.y);
        power[WarpPoints - lane - 32 * j] = squared(even.x - odd.x, even.y - odd.y);
    }
    const float2 half = v[reversed4(LanePoints / 2)]; // its own partner
    if (lane == 0) power[WarpPoints / 2] = 4.0f * squared(half.x, half.y);
}
