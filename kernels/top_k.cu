// values[q] = the k greatest of scores[q], greatest first, equal ones by index, lower first, NaN behind every number;
// indices[q] = their places
//   scores    [rows, count]  f32  row-major, the next row after `width`
//   excluded  [words]        u32, or null: bit r % 32 of word r / 32 is set where place r must not be chosen; missing words exclude nothing
//   keys      [rows, ·]      u64  row-major, the next row after its stride: score and place as one number (common/top_k_key.cuh)
//   values    [rows, k]      f32  row-major
//   indices   [rows, k]      i32  row-major
// method    A long row is cut into segments, and a block chooses the best of each: it finds their least key digit by digit, by counting
//           keys in 2048 bins, 11 bits at a time, and copies what reaches it. scores makes keys of scores; keys chooses among keys, until a
//           row is one segment; ranks puts the k best of the few that are left in order, where a key that is 0 (there were fewer than k)
//           gives −∞ and −1.
// mapping   scores, keys: one block of 512 threads per row and segment, threads stride the segment;
//           ranks: one thread per key, blocks of one row each, at most 256 threads
// shared    scores, keys static: 8 KiB of counters; ranks static: 2 KiB
// numerics  exact; counts do not depend on the order of threads, ranks not on the order of keys
// limits    count up to 2^31 − 513; any rows, k from 0 to count; ranks compares all pairs of a row's keys
// reference src/NativeRetrieval.Core/Cpu/TopK.cs, src/NativeRetrieval.Core/Search/TopKList.cs
#include "common/types.cuh"
#include "common/top_k_key.cuh"

constexpr int Threads = 512, DigitBits = 11, Bins = 1 << DigitBits, BinsPerThread = 4; // one uint4, no two threads in one bank
static_assert(Bins == Threads * BinsPerThread, "each bin has its thread");

// The greatest key that at least `wanted` keys reach, or 1 where there are no more than `wanted`. keyAt(i) is read several times for each i
// of [begin, end).
template <class KeyAt>
NR_DEVICE top_k_key threshold(KeyAt keyAt, int begin, int end, int wanted)
{
    __align__(16) __shared__ unsigned counts[Bins];
    __shared__ unsigned warps[Threads / 32];
    __shared__ unsigned chosen, above, inside;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    top_k_key prefix = 0;
    unsigned left = wanted;
    for (int shift = 64 - DigitBits, width = DigitBits;;)
    {
        for (int bin = threadIdx.x; bin < Bins; bin += Threads) counts[bin] = 0;
        if (threadIdx.x == 0) chosen = Bins;
        __syncthreads();
        for (int i = begin + threadIdx.x; i < end; i += Threads)
        {
            const top_k_key key = keyAt(i);
            // In two shifts: one by 64 is undefined.
            if (key != 0 && key >> shift >> width == prefix) atomicAdd(&counts[(unsigned)(key >> shift) & ((1u << width) - 1)], 1u);
        }
        __syncthreads();
        // From the highest bin down: thread t has the t-th group of bins and learns how many keys lie above it.
        const int top = Bins - 1 - (int)threadIdx.x * BinsPerThread;
        const uint4 bins = *(const uint4*)&counts[top + 1 - BinsPerThread];
        const unsigned here[BinsPerThread] = { bins.w, bins.z, bins.y, bins.x }, own = bins.x + bins.y + bins.z + bins.w;
        unsigned sum = own;
        for (int step = 1; step < 32; step <<= 1)
        {
            const unsigned before = __shfl_up_sync(0xffffffffu, sum, step);
            if (lane >= step) sum += before;
        }
        if (lane == 31) warps[warp] = sum;
        __syncthreads();
        unsigned higher = sum - own;
        for (int w = 0; w < warp; w++) higher += warps[w];
        if (higher < left && left <= higher + own)
#pragma unroll
            for (int b = 0; b < BinsPerThread; b++)
            {
                if (higher < left && left <= higher + here[b])
                {
                    chosen = top - b;
                    above = higher;
                    inside = here[b];
                }
                higher += here[b];
            }
        __syncthreads();
        // Only the first round can find fewer than are wanted: later ones look inside a bin that has enough.
        if (chosen == Bins) return 1;
        prefix = prefix << width | chosen;
        left -= above;
        if (inside == left || shift == 0) return prefix << shift;
        width = min(shift, DigitBits);
        shift -= width;
        __syncthreads();
    }
}

// The `kept` best of [begin, end) to target, in no order.
template <class KeyAt>
NR_DEVICE void keep_best(KeyAt keyAt, int begin, int end, int kept, top_k_key* __restrict__ target)
{
    __shared__ int next;
    if (threadIdx.x == 0) next = 0;
    const top_k_key least = threshold(keyAt, begin, end, kept);
    for (int i = begin + threadIdx.x; i < end; i += Threads)
    {
        const top_k_key key = keyAt(i);
        if (key >= least) target[atomicAdd(&next, 1)] = key;
    }
    __syncthreads();
    for (int i = next + threadIdx.x; i < kept; i += Threads) target[i] = 0;
}

extern "C" __global__ void __launch_bounds__(Threads, 3) top_k_scores_f32(
    const float* __restrict__ scores, long long width, int count, int first_place, const unsigned* __restrict__ excluded,
    int excluded_words, int segment, int segments, int kept, top_k_key* __restrict__ keys, long long stride)
{
    const size_t row = blockIdx.x / segments;
    const int part = blockIdx.x % segments, begin = part * segment;
    const float* const source = scores + row * width;
    keep_best(
        [=](int i) -> top_k_key
        {
            const int place = first_place + i, word = place >> 5;
            if (word < excluded_words && excluded[word] >> (place & 31) & 1u) return 0;
            return top_k_key_of(source[i], place);
        },
        begin, min(count - begin, segment) + begin, kept, keys + row * stride + (size_t)part * kept);
}

extern "C" __global__ void __launch_bounds__(Threads, 3) top_k_keys_f32(
    const top_k_key* __restrict__ source, long long source_stride, int count, int segment, int segments, int kept,
    top_k_key* __restrict__ keys, long long stride)
{
    const size_t row = blockIdx.x / segments;
    const int part = blockIdx.x % segments, begin = part * segment;
    const top_k_key* const own = source + row * source_stride;
    keep_best([=](int i) { return own[i]; }, begin, min(count - begin, segment) + begin, kept, keys + row * stride + (size_t)part * kept);
}

// scores: where the values come from, bit for bit; null: from the keys.
extern "C" __global__ void __launch_bounds__(256) top_k_ranks_f32(
    const top_k_key* __restrict__ keys, int count, int k, int blocks_per_row, const float* __restrict__ scores, long long width,
    float* __restrict__ values, int* __restrict__ indices)
{
    __shared__ top_k_key tile[256];
    const size_t row = blockIdx.x / blocks_per_row;
    const top_k_key* const own = keys + row * count;
    const int slot = (blockIdx.x % blocks_per_row) * blockDim.x + threadIdx.x;
    const top_k_key key = slot < count ? own[slot] : 0;
    int rank = 0;
    for (int first = 0; first < count; first += blockDim.x)
    {
        __syncthreads(); // the last tile may still be read
        if (first + (int)threadIdx.x < count) tile[threadIdx.x] = own[first + threadIdx.x];
        __syncthreads();
        const int here = min((int)blockDim.x, count - first);
        for (int i = 0; i < here; i++)
        {
            const top_k_key other = tile[i];
            // Keys differ, but those that are 0 do not: they follow in the order of their slots.
            rank += other > key || (other == key && first + i < slot);
        }
    }
    if (slot >= count || rank >= k) return;
    const int place = key == 0 ? -1 : top_k_place(key);
    values[row * k + rank] = key == 0 ? __int_as_float(0xff800000) : scores ? scores[row * width + place] : top_k_score(key);
    indices[row * k + rank] = place;
}
