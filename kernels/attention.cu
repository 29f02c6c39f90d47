// per sentence and head: y = drop(softmax(q·kᵀ/√D))·v over the sentence's own keys
// backward, with P the soft-max: dP = drop(dy·vᵀ), dS = P ∘ (dP − Σ_keys dP ∘ P)/√D, dq = dS·k, dk = dSᵀ·q, dv = drop(P)ᵀ·dy
// drop: 0 where the upper 24 bits of the weight's number are below the threshold, else times 1/(1 − p)
//   q        [sentences, tokens, heads, width]   f32  row-major
//   k        [sentences, tokens, heads, width]   f32  row-major
//   v        [sentences, tokens, heads, width]   f32  row-major
//   lengths  [sentences]                         i32  own keys
//   y        [sentences, tokens, heads, width]   f32  row-major
//   weights  [sentences, heads, tokens, tokens]  f32  row-major: P, or null where backward will not come
//   dy       [sentences, tokens, heads, width]   f32  row-major
//   dq       [sentences, tokens, heads, width]   f32  row-major
//   dk       [sentences, tokens, heads, width]   f32  row-major
//   dv       [sentences, tokens, heads, width]   f32  row-major
//   ds       [sentences, heads, tokens, tokens]  f32  row-major: dS
//   fault    common/fault.cuh
// method    Each warp owns one query, keeps its whole row of scores in shared memory and shares tiles of 32 keys, then of values, with the
//           block's seven others. backward_queries goes the same way and leaves dS behind; backward_keys turns the roles around: a warp
//           owns a key, and the tiles are queries and output gradients.
// mapping   blockIdx.x = (sentence, head), y = 8 queries (backward_keys: 8 keys), a warp each; 256 threads
// shared    dynamic, in floats: forward and backward_queries 32·(width + 1) + 8·(tokens + width),
//           backward_keys 64·(width + 1) + 16·(32 + width)
// numerics  against the row's maximum; dot products in f32 in the order of d; sums over keys and queries in their order,
//           the soft-max's lane by lane
// limits    any sizes, also 0; tokens as shared memory allows; a length of 0 gives zeros, one outside 0 … tokens is a fault and counts as
//           the nearer end
// reference src/NativeRetrieval.Core/Cpu/Attention.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"
#include "common/philox.cuh"
#include "common/fault.cuh"

enum { Rows = 8, Keys = 32 };

struct dropout
{
    unsigned threshold;
    float keep;
    philox source;
};

// Weight [head, query, key] after dropout.
NR_DEVICE float dropped(float weight, const dropout& rule, int head, int query, int key, int tokens)
{
    if (rule.threshold == 0) return weight;
    const philox_word number = ((philox_word)head * tokens + query) * tokens + key;
    return philox_uint(rule.source, number) >> 8 < rule.threshold ? 0.0f : weight * rule.keep;
}

// The part of a tensor [sentences, tokens, heads, width] that belongs to one sentence and head.
struct slice
{
    size_t first;
    int stride;
    NR_DEVICE size_t at(int token) const { return first + (size_t)token * stride; }
};

NR_DEVICE slice slice_of(int head, int tokens, int heads, int width)
{
    return { (size_t)(head / heads) * tokens * heads * width + (size_t)(head % heads) * width, heads * width };
}

// tile[r, d] = x[first + r, d], 0 behind the last token; by the whole block. Rows are one float apart from a multiple of 32: lanes read
// different banks.
NR_DEVICE void load_tile(const float* __restrict__ x, const slice& part, int first, int tokens, int width, float* tile)
{
    for (int i = threadIdx.x; i < Keys * width; i += blockDim.x)
    {
        const int r = i / width, d = i % width;
        tile[r * (width + 1) + d] = first + r < tokens ? x[part.at(first + r) + d] : 0.0f;
    }
}

// row[key] = x . y[key] for all keys, x [width] in shared memory; the block reads y tile by tile, each warp has its own x and row.
NR_DEVICE void dot_with_all(const float* __restrict__ y, const slice& part, int keys, int width, const float* x, float* row, float* tile)
{
    const int lane = threadIdx.x & 31;
    for (int first = 0; first < keys; first += Keys)
    {
        __syncthreads();
        load_tile(y, part, first, keys, width, tile);
        __syncthreads();
        float dot = 0.0f;
        for (int d = 0; d < width; d++) dot += x[d] * tile[lane * (width + 1) + d];
        if (first + lane < keys) row[first + lane] = dot;
    }
    __syncwarp();
}

// sums[d] = sum over keys of row[key] * y[key, d].
NR_DEVICE void weighted_sum(const float* __restrict__ y, const slice& part, int keys, int width, const float* row, float* sums, float* tile)
{
    const int lane = threadIdx.x & 31;
    for (int d = lane; d < width; d += 32) sums[d] = 0.0f;
    for (int first = 0; first < keys; first += Keys)
    {
        const int here = min((int)Keys, keys - first);
        __syncthreads();
        load_tile(y, part, first, keys, width, tile);
        __syncthreads();
        for (int d = lane; d < width; d += 32)
        {
            float sum = sums[d];
            for (int r = 0; r < here; r++) sum += row[first + r] * tile[r * (width + 1) + d];
            sums[d] = sum;
        }
    }
}

NR_DEVICE int own_keys(const int* __restrict__ lengths, int sentence, int tokens) { return min(max(lengths[sentence], 0), tokens); }

extern "C" __global__ void __launch_bounds__(256) attention_forward_f32(
    const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v, const int* __restrict__ lengths,
    int* __restrict__ fault, float scale, unsigned threshold, float keep, long long seed, long long stream,
    const long long* __restrict__ stream_offset, float* __restrict__ y, float* __restrict__ weights, int tokens, int heads, int width)
{
    NR_DYNAMIC_SHARED(float, tile);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int head = blockIdx.x, query = blockIdx.y * Rows + warp, sentence = head / heads;
    float* const row = tile + Keys * (width + 1) + warp * tokens;
    float* const own = tile + Keys * (width + 1) + Rows * tokens + warp * width;
    const bool active = query < tokens;
    const slice part = slice_of(head, tokens, heads, width);
    const dropout rule{ threshold, keep, philox_of(seed, stream, stream_offset) };
    const int keys = own_keys(lengths, sentence, tokens);
    if (keys != lengths[sentence] && threadIdx.x == 0) report_fault(fault, AttentionLength, sentence, lengths[sentence], tokens);

    for (int d = lane; d < width; d += 32) own[d] = active ? q[part.at(query) + d] : 0.0f;
    dot_with_all(k, part, keys, width, own, row, tile);
    float largest = __int_as_float(0xff800000);
    for (int key = lane; key < keys; key += 32) largest = fmaxf(largest, row[key]);
    largest = warp_max(largest);
    float sum = 0.0f;
    for (int key = lane; key < keys; key += 32)
    {
        row[key] = expf((row[key] - largest) * scale);
        sum += row[key];
    }
    const float inverse = 1.0f / warp_sum(sum);
    for (int key = lane; key < tokens; key += 32)
    {
        const float weight = key < keys ? row[key] * inverse : 0.0f;
        if (active && weights) weights[((size_t)head * tokens + query) * tokens + key] = weight;
        if (key < keys) row[key] = dropped(weight, rule, head, query, key, tokens);
    }
    __syncwarp();
    weighted_sum(v, part, keys, width, row, own, tile);
    if (active)
        for (int d = lane; d < width; d += 32) y[part.at(query) + d] = own[d];
}

// Also writes ds for the gradient of the keys.
extern "C" __global__ void __launch_bounds__(256) attention_backward_queries_f32(
    const float* __restrict__ dy, const float* __restrict__ k, const float* __restrict__ v, const int* __restrict__ lengths,
    const float* __restrict__ weights, float scale, unsigned threshold, float keep, long long seed, long long stream,
    const long long* __restrict__ stream_offset, float* __restrict__ dq, float* __restrict__ ds, int tokens, int heads, int width)
{
    NR_DYNAMIC_SHARED(float, tile);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, head = blockIdx.x, query = blockIdx.y * Rows + warp;
    float* const row = tile + Keys * (width + 1) + warp * tokens;
    float* const own = tile + Keys * (width + 1) + Rows * tokens + warp * width;
    const bool active = query < tokens;
    const slice part = slice_of(head, tokens, heads, width);
    const dropout rule{ threshold, keep, philox_of(seed, stream, stream_offset) };
    const int keys = own_keys(lengths, head / heads, tokens);
    const float* const weight = weights + ((size_t)head * tokens + (active ? query : 0)) * tokens;

    for (int d = lane; d < width; d += 32) own[d] = active ? dy[part.at(query) + d] : 0.0f;
    dot_with_all(v, part, keys, width, own, row, tile);
    float along = 0.0f;
    for (int key = lane; key < keys; key += 32)
    {
        row[key] = dropped(row[key], rule, head, query, key, tokens);
        along += row[key] * weight[key];
    }
    along = warp_sum(along);
    for (int key = lane; key < keys; key += 32)
    {
        row[key] = (row[key] - along) * weight[key] * scale;
        if (active) ds[((size_t)head * tokens + query) * tokens + key] = row[key];
    }
    __syncwarp();
    weighted_sum(k, part, keys, width, row, own, tile);
    if (active)
        for (int d = lane; d < width; d += 32) dq[part.at(query) + d] = own[d];
}

extern "C" __global__ void __launch_bounds__(256) attention_backward_keys_f32(
    const float* __restrict__ dy, const float* __restrict__ q, const int* __restrict__ lengths, const float* __restrict__ weights,
    const float* __restrict__ ds, unsigned threshold, float keep, long long seed, long long stream,
    const long long* __restrict__ stream_offset, float* __restrict__ dk, float* __restrict__ dv, int tokens, int heads, int width)
{
    NR_DYNAMIC_SHARED(float, queries);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, head = blockIdx.x, key = blockIdx.y * Rows + warp;
    float* const gradients = queries + Keys * (width + 1);
    float* const slopes = gradients + Keys * (width + 1) + warp * 2 * (Keys + width);
    float* const shares = slopes + Keys;
    float* const own_k = shares + Keys;
    float* const own_v = own_k + width;
    const slice part = slice_of(head, tokens, heads, width);
    const dropout rule{ threshold, keep, philox_of(seed, stream, stream_offset) };
    const bool active = key < own_keys(lengths, head / heads, tokens);

    for (int d = lane; d < width; d += 32) own_k[d] = own_v[d] = 0.0f;
    for (int first = 0; first < tokens; first += Keys)
    {
        const int query = first + lane, here = min((int)Keys, tokens - first);
        __syncthreads();
        load_tile(q, part, first, tokens, width, queries);
        load_tile(dy, part, first, tokens, width, gradients);
        const size_t at = ((size_t)head * tokens + query) * tokens + key;
        const bool reads = active && query < tokens;
        slopes[lane] = reads ? ds[at] : 0.0f;
        shares[lane] = reads ? dropped(weights[at], rule, head, query, key, tokens) : 0.0f;
        __syncthreads();
        for (int d = lane; d < width; d += 32)
        {
            float sum_k = own_k[d], sum_v = own_v[d];
            for (int r = 0; r < here; r++)
            {
                sum_k += slopes[r] * queries[r * (width + 1) + d];
                sum_v += shares[r] * gradients[r * (width + 1) + d];
            }
            own_k[d] = sum_k;
            own_v[d] = sum_v;
        }
    }
    if (key < tokens)
        for (int d = lane; d < width; d += 32)
        {
            dk[part.at(key) + d] = own_k[d];
            dv[part.at(key) + d] = own_v[d];
        }
}
