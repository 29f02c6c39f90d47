// s[q, r] = Σ_d queries[q, d]·rows[r, d], for few queries
// widen: y = x
//   rows     [count, width]        f32 or bf16  row-major
//   queries  [query_count, width]  f32          row-major
//   scores   [query_count, count]  f32          row-major
//   widen: x [elements]            bf16
//          y [elements]            f32
// method    The rows are read from memory once, at its speed: everything else is arranged around that. A block keeps 8 queries (or 1) in
//           shared memory; each warp holds 4 rows' elements in registers, uses them for all of the block's queries and sums over its lanes
//           at the end. Blocks of other queries on the same rows lie beside each other in the grid, so that one of them brings the rows to
//           the level-2 cache. Many queries go another way: widen and a product of matrices.
// mapping   blocks of 256 threads; blockIdx.x = (tile of 32 rows, group of queries), tiles stride; a warp takes 4 rows, its lanes
//           stride the width by 16 bytes; widen: threads stride
// shared    static: 1024 elements of the block's queries, 32 KiB (4 KiB for one query); wider rows go in slices
// numerics  products and sums in f32: per lane in the order of the elements, then across lanes; a score does not depend on the other
//           queries or rows
// limits    any count, width and address; vectors of 16 bytes where rows and width are multiples of them
// reference src/NativeRetrieval.Core/Cpu/SearchRows.cs, src/NativeRetrieval.Core/Search/RowSearch.cs
#include "common/types.cuh"

constexpr int Slice = 1024, Step = 256, RowsPerWarp = 4, Warps = 8, RowsPerBlock = RowsPerWarp * Warps, PerLane = Step / 32;

// The element of a step that lies at a place in shared memory: lanes read theirs as two float4, and neighbouring lanes neighbouring ones.
template <class T>
NR_DEVICE int element_of(int place)
{
    return sizeof(T) == 4 ? place : place % (Step / 2) / 4 * PerLane + place / (Step / 2) * 4 + (place & 3);
}

// The lane's elements of the step at `first`, 0 past the row's end.
NR_DEVICE void load(const float* __restrict__ row, int first, int width, int lane, bool aligned, float (&x)[PerLane])
{
#pragma unroll
    for (int half = 0; half < 2; half++)
    {
        const int d = first + half * (Step / 2) + lane * 4;
        if (aligned && d < width)
        {
            const float4 four = *(const float4*)(row + d);
            x[half * 4] = four.x;
            x[half * 4 + 1] = four.y;
            x[half * 4 + 2] = four.z;
            x[half * 4 + 3] = four.w;
        }
        else
#pragma unroll
            for (int i = 0; i < 4; i++) x[half * 4 + i] = d + i < width ? row[d + i] : 0.0f;
    }
}

NR_DEVICE void load(const bf16* __restrict__ row, int first, int width, int lane, bool aligned, float (&x)[PerLane])
{
    const int d = first + lane * PerLane;
    if (aligned && d < width)
    {
        const uint4 pairs = *(const uint4*)(row + d);
        const unsigned words[4] = { pairs.x, pairs.y, pairs.z, pairs.w };
#pragma unroll
        for (int i = 0; i < 4; i++)
        {
            x[2 * i] = __uint_as_float(words[i] << 16);
            x[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
        }
    }
    else
#pragma unroll
        for (int i = 0; i < PerLane; i++) x[i] = d + i < width ? to_float(row[d + i]) : 0.0f;
}

// Sums of `count` values over the lanes: lane l ends with that of value l * count / 32. A step halves the values, so that all take hardly
// more than one.
template <int count>
NR_DEVICE float sums_over_lanes(float* value, int lane, int step = 16)
{
    if constexpr (count > 1)
    {
        const bool upper = lane & step;
#pragma unroll
        for (int i = 0; i < count / 2; i++)
        {
            const float kept = upper ? value[i + count / 2] : value[i], sent = upper ? value[i] : value[i + count / 2];
            value[i] = kept + __shfl_xor_sync(0xffffffffu, sent, step);
        }
        return sums_over_lanes<count / 2>(value, lane, step / 2);
    }
    else
    {
        for (; step > 0; step >>= 1) value[0] += __shfl_xor_sync(0xffffffffu, value[0], step);
        return value[0];
    }
}

template <class T, int Queries>
NR_DEVICE void score(
    const T* __restrict__ rows, const float* __restrict__ queries, float* __restrict__ scores,
    int count, int width, int query_count, int groups)
{
    __shared__ float4 own[Queries][Slice / 4];
    constexpr int Sums = Queries * RowsPerWarp;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first_query = blockIdx.x % groups * Queries;
    const int first_tile = blockIdx.x / groups, tiles = (count + RowsPerBlock - 1) / RowsPerBlock, slices = (width + Slice - 1) / Slice;
    const bool aligned = (((size_t)rows | (size_t)width * sizeof(T)) & 15) == 0;
    for (int tile = first_tile; tile < tiles; tile += gridDim.x / groups)
    {
        const int first_row = tile * RowsPerBlock + warp * RowsPerWarp;
        float sums[Sums] = {};
        for (int slice = 0; slice < width; slice += Slice)
        {
            if (slices > 1 || tile == first_tile)
            {
                __syncthreads(); // the last slice may still be read
                for (int i = threadIdx.x; i < Queries * Slice; i += Warps * 32)
                {
                    const int query = first_query + i / Slice, at = i % Slice, d = slice + at / Step * Step + element_of<T>(at % Step);
                    ((float*)own)[i] = query < query_count && d < width ? queries[(size_t)query * width + d] : 0.0f;
                }
                __syncthreads();
            }
            const int end = min(Slice, width - slice);
            for (int step = 0; step < end; step += Step)
            {
                float x[RowsPerWarp][PerLane];
#pragma unroll
                for (int r = 0; r < RowsPerWarp; r++)
                    load(rows + (size_t)min(first_row + r, count - 1) * width, slice + step, width, lane, aligned, x[r]);
#pragma unroll
                for (int q = 0; q < Queries; q++)
                {
                    const float4 low = own[q][step / 4 + lane], high = own[q][(step + Step / 2) / 4 + lane];
#pragma unroll
                    for (int r = 0; r < RowsPerWarp; r++)
                    {
                        float sum = sums[q * RowsPerWarp + r];
                        sum += low.x * x[r][0];
                        sum += low.y * x[r][1];
                        sum += low.z * x[r][2];
                        sum += low.w * x[r][3];
                        sum += high.x * x[r][4];
                        sum += high.y * x[r][5];
                        sum += high.z * x[r][6];
                        sum += high.w * x[r][7];
                        sums[q * RowsPerWarp + r] = sum;
                    }
                }
            }
        }
        const float total = sums_over_lanes<Sums>(sums, lane);
        constexpr int LanesPerSum = 32 / Sums;
        const int query = first_query + lane / LanesPerSum / RowsPerWarp, row = first_row + lane / LanesPerSum % RowsPerWarp;
        if (lane % LanesPerSum == 0 && query < query_count && row < count) scores[(size_t)query * count + row] = total;
    }
}

#define ENTRY_POINTS(T)                                                                            \
    extern "C" __global__ void __launch_bounds__(256, 2) search_rows_one_##T(                      \
        const T* __restrict__ rows, const float* __restrict__ queries, float* __restrict__ scores, \
        int count, int width, int query_count, int groups)                                         \
    {                                                                                              \
        score<T, 1>(rows, queries, scores, count, width, query_count, groups);                     \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, 2) search_rows_several_##T(                  \
        const T* __restrict__ rows, const float* __restrict__ queries, float* __restrict__ scores, \
        int count, int width, int query_count, int groups)                                         \
    {                                                                                              \
        score<T, 8>(rows, queries, scores, count, width, query_count, groups);                     \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)

extern "C" __global__ void __launch_bounds__(256) search_rows_widen_bf16(
    const bf16* __restrict__ x, float* __restrict__ y, long long elements)
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x, threads = (long long)gridDim.x * blockDim.x;
    const long long pairs = (((size_t)x & 3) | ((size_t)y & 7)) == 0 ? elements / 2 : 0;
    for (long long i = thread; i < pairs; i += threads)
    {
        const unsigned pair = ((const unsigned*)x)[i];
        ((float2*)y)[i] = make_float2(__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000u));
    }
    for (long long i = pairs * 2 + thread; i < elements; i += threads) y[i] = to_float(x[i]);
}
