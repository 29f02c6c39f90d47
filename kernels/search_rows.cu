// s[q, r] = Σ_d queries[q, d]·rows[r, d], for few queries
// bounds: u[q, r] ≥ Σ_d queries[q, d]·R[r, d] for the f32 rows R that were rounded to `rows`, and for that sum in f32 in any order
// widen: y = x
//   rows      [count, width]        f32 or bf16  row-major
//   queries   [query_count, width]  f32          row-major
//   scores    [query_count, count]  f32          row-major: s; bounds: u, ∞ where it is no number
//   margins   [query_count]         f32          c·‖q‖, which times ‖row‖ bounds what rounding changes
//   upper     [query_count, kept]   u64          row-major: keys (common/top_k_key.cuh) of u, the greatest of all; 0 where rows are fewer
//   exact     [query_count, kept]   u64          row-major: keys of s of the same rows
//   best      [query_count, k]      f32          row-major: the k greatest of exact's scores, greatest first
//   unproven  [query_count]         i32          1 where a row that was not kept may belong to the best
//   widen: x  [elements]            bf16
//          y  [elements]            f32
// method    The rows are read from memory once, at its speed: everything else is arranged around that. A block keeps 8 queries (or 1) in
//           shared memory; each warp holds 4 rows' elements in registers, uses them for all of the block's queries and sums over its lanes
//           at the end. Blocks of other queries on the same rows lie beside each other in the grid, so that one of them brings the rows to
//           the level-2 cache. Many queries go another way: widen and a product of matrices.
//           Half of the bytes do where f32 rows have a copy in bf16: bounds reads the copy, again scores the rows of the greatest bounds
//           as f32 rows are scored, bit for bit, and proof tells whether the k-th of them is greater than every bound that was left.
// mapping   blocks of 256 threads; blockIdx.x = (tile of 32 rows, group of queries), tiles stride; a warp takes 4 rows, its lanes
//           stride the width by 16 bytes; margins: a warp per query; again: a warp per key, blocks of 8; proof: a block of 256 per query;
//           widen: threads stride
// shared    static: 1024 elements of the block's queries, 32 KiB (4 KiB for one query); wider rows go in slices; proof static: 1 KiB
// numerics  products and sums in f32: per lane in the order of the elements, then across lanes; a score does not depend on the other
//           queries or rows. Bounds: a row r rounded to r' is off by at most 2⁻⁸·|r'| in each element, so its score by 2⁻⁸·‖q‖·‖r'‖; a sum
//           of n products in f32, in any order, by n·2⁻²⁴·‖q‖·‖r'‖ (1 + 2⁻⁸), twice: for r' and for r. Norms and u are themselves sums
//           of that kind. 1e-20·‖q‖ stands for norms whose squares vanish
// limits    any count, width and address; vectors of 16 bytes where rows and width are multiples of them
// reference src/NativeRetrieval.Core/Cpu/SearchRows.cs, src/NativeRetrieval.Core/Search/RowSearch.cs
#include "common/types.cuh"
#include "common/reduce.cuh"
#include "common/top_k_key.cuh"

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

// A lane's sum with the products of eight elements of a row and of a query, in order.
NR_DEVICE float with_products(float sum, const float4& low, const float4& high, const float (&x)[PerLane])
{
    sum += low.x * x[0];
    sum += low.y * x[1];
    sum += low.z * x[2];
    sum += low.w * x[3];
    sum += high.x * x[4];
    sum += high.y * x[5];
    sum += high.z * x[6];
    sum += high.w * x[7];
    return sum;
}

// Bounds: scores become their upper bounds; margins are read for them alone.
template <class T, int Queries, bool Bounds>
NR_DEVICE void score(
    const T* __restrict__ rows, const float* __restrict__ queries, const float* __restrict__ margins, float* __restrict__ scores,
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
        float sums[Sums] = {}, squares[RowsPerWarp] = {};
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
                        sums[q * RowsPerWarp + r] = with_products(sums[q * RowsPerWarp + r], low, high, x[r]);
                }
                if constexpr (Bounds)
                {
#pragma unroll
                    for (int r = 0; r < RowsPerWarp; r++)
#pragma unroll
                        for (int i = 0; i < PerLane; i++) squares[r] += x[r][i] * x[r][i];
                }
            }
        }
        const float total = sums_over_lanes<Sums>(sums, lane);
        constexpr int LanesPerSum = 32 / Sums;
        const int query = first_query + lane / LanesPerSum / RowsPerWarp, row = first_row + lane / LanesPerSum % RowsPerWarp;
        if constexpr (Bounds)
        {
            constexpr int LanesPerRow = 32 / RowsPerWarp;
            const float square = __shfl_sync(0xffffffffu, sums_over_lanes<RowsPerWarp>(squares, lane), (row - first_row) * LanesPerRow);
            if (lane % LanesPerSum == 0 && query < query_count && row < count)
            {
                const float bound = total + margins[query] * (sqrtf(square) + 1e-20f);
                scores[(size_t)query * count + row] = fabsf(bound) < __int_as_float(0x7f800000) ? bound : __int_as_float(0x7f800000);
            }
        }
        else if (lane % LanesPerSum == 0 && query < query_count && row < count) scores[(size_t)query * count + row] = total;
    }
}

#define ENTRY_POINTS(T)                                                                            \
    extern "C" __global__ void __launch_bounds__(256, 2) search_rows_one_##T(                      \
        const T* __restrict__ rows, const float* __restrict__ queries, float* __restrict__ scores, \
        int count, int width, int query_count, int groups)                                         \
    {                                                                                              \
        score<T, 1, false>(rows, queries, nullptr, scores, count, width, query_count, groups);                     \
    }                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, 2) search_rows_several_##T(                  \
        const T* __restrict__ rows, const float* __restrict__ queries, float* __restrict__ scores, \
        int count, int width, int query_count, int groups)                                         \
    {                                                                                              \
        score<T, 8, false>(rows, queries, nullptr, scores, count, width, query_count, groups);                     \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)

extern "C" __global__ void __launch_bounds__(256, 2) search_rows_bound_one_bf16(
    const bf16* __restrict__ rows, const float* __restrict__ queries, const float* __restrict__ margins, float* __restrict__ scores,
    int count, int width, int query_count, int groups)
{
    score<bf16, 1, true>(rows, queries, margins, scores, count, width, query_count, groups);
}

extern "C" __global__ void __launch_bounds__(256, 2) search_rows_bound_several_bf16(
    const bf16* __restrict__ rows, const float* __restrict__ queries, const float* __restrict__ margins, float* __restrict__ scores,
    int count, int width, int query_count, int groups)
{
    score<bf16, 8, true>(rows, queries, margins, scores, count, width, query_count, groups);
}

extern "C" __global__ void __launch_bounds__(256) search_rows_margins_f32(
    const float* __restrict__ queries, float* __restrict__ margins, int width, int query_count)
{
    const int lane = threadIdx.x & 31, query = (blockIdx.x * blockDim.x + threadIdx.x) >> 5;
    if (query >= query_count) return;
    float square = 0.0f;
    for (int d = lane; d < width; d += 32) square += queries[(size_t)query * width + d] * queries[(size_t)query * width + d];
    square = warp_sum(square);
    // Of a sum of products, of the squares' sums and roots, and of the bound's own roundings.
    const float sum = (width + 16) * 5.9604645e-8f;
    if (lane == 0) margins[query] = (0.00390625f + 2.02f * sum) * (1.0f + 4.0f * sum) * (sqrtf(square) + 1e-20f);
}

// exact may be upper.
extern "C" __global__ void __launch_bounds__(256) search_rows_again_f32(
    const float* __restrict__ rows, const float* __restrict__ queries, const top_k_key* upper, top_k_key* exact, int width,
    int query_count, int kept)
{
    const int lane = threadIdx.x & 31;
    const long long item = (long long)blockIdx.x * Warps + (threadIdx.x >> 5);
    if (item >= (long long)query_count * kept) return;
    const top_k_key key = upper[item];
    top_k_key found = 0;
    if (key != 0)
    {
        const int place = top_k_place(key);
        const float *const row = rows + (size_t)place * width, *const query = queries + (size_t)(item / kept) * width;
        const bool aligned = (((size_t)rows | (size_t)queries | (size_t)width * sizeof(float)) & 15) == 0;
        float sum = 0.0f;
        for (int first = 0; first < width; first += Step)
        {
            float x[PerLane], y[PerLane];
            load(row, first, width, lane, aligned, x);
            load(query, first, width, lane, aligned, y);
            sum = with_products(sum, make_float4(y[0], y[1], y[2], y[3]), make_float4(y[4], y[5], y[6], y[7]), x);
        }
        found = top_k_key_of(warp_sum(sum), place);
    }
    if (lane == 0) exact[item] = found;
}

extern "C" __global__ void __launch_bounds__(256) search_rows_proof_f32(
    const top_k_key* __restrict__ upper, const float* __restrict__ best, int* __restrict__ unproven, int kept, int k)
{
    __shared__ float least[256];
    const top_k_key* const own = upper + (size_t)blockIdx.x * kept;
    // No row was left where fewer than `kept` were found: a key is 0.
    float lowest = __int_as_float(0x7f800000);
    for (int i = threadIdx.x; i < kept; i += blockDim.x)
        lowest = fminf(lowest, own[i] == 0 ? __int_as_float(0xff800000) : top_k_score(own[i]));
    least[threadIdx.x] = lowest;
    for (int half = blockDim.x / 2; half > 0; half /= 2)
    {
        __syncthreads();
        if ((int)threadIdx.x < half) least[threadIdx.x] = fminf(least[threadIdx.x], least[threadIdx.x + half]);
    }
    if (threadIdx.x != 0) return;
    const float worst = best[(size_t)blockIdx.x * k + k - 1];
    // An equal bound may be a row before it; −∞ stands for none left. NaN proves nothing.
    unproven[blockIdx.x] = !(worst > least[0]) && least[0] != __int_as_float(0xff800000);
}

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
