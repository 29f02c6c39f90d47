// Attention of sentences and heads that do not fit into a block's shared memory: a warp owns one query (or key), keeps its row there and
// shares tiles of 32 keys with the block's seven others. Tensors, sizes of shared memory and numerics: attention.cu.
#pragma once
#include "common/storage.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"
#include "common/dropout.cuh"
#include "common/sentences.cuh"

// Queries (or keys) of a block, and keys of a tile that it goes through.
constexpr int Owned = 8, Keys = 32;

// The values of one head in one sentence's rows.
template <class T>
struct slice
{
    const T* first;
    size_t stride;
    NR_DEVICE float at(int token, int d) const { return to_float(first[token * stride + d]); }
};

template <class T>
NR_DEVICE slice<T> slice_of(const T* x, int parts, int part, const span& own, int head, int heads, int width)
{
    const size_t across = (size_t)heads * width;
    return { x + own.first * parts * across + part * across + (size_t)(head % heads) * width, parts * across };
}

// tile[r, d] = x[first + r, d], 0 behind the last token; by the whole block. Rows are one float apart from a multiple of 32: lanes read
// different banks.
template <class T>
NR_DEVICE void load_keys(const slice<T>& x, int first, int tokens, int width, float* tile)
{
    for (int i = threadIdx.x; i < Keys * width; i += blockDim.x)
    {
        const int r = i / width, d = i % width;
        tile[r * (width + 1) + d] = first + r < tokens ? x.at(first + r, d) : 0.0f;
    }
}

// row[key] = x . y[key] for all keys, x [width] in shared memory; the block reads y tile by tile, each warp has its own x and row.
template <class T>
NR_DEVICE void dot_with_all(const slice<T>& y, int keys, int width, const float* x, float* row, float* tile)
{
    const int lane = threadIdx.x & 31;
    for (int first = 0; first < keys; first += Keys)
    {
        __syncthreads();
        load_keys(y, first, keys, width, tile);
        __syncthreads();
        float dot = 0.0f;
        for (int d = 0; d < width; d++) dot += x[d] * tile[lane * (width + 1) + d];
        if (first + lane < keys) row[first + lane] = dot;
    }
    __syncwarp();
}

// sums[d] = sum over keys of row[key] * y[key, d].
template <class T>
NR_DEVICE void weighted_sum(const slice<T>& y, int keys, int width, const float* row, float* sums, float* tile)
{
    const int lane = threadIdx.x & 31;
    for (int d = lane; d < width; d += 32) sums[d] = 0.0f;
    for (int first = 0; first < keys; first += Keys)
    {
        const int here = min((int)Keys, keys - first);
        __syncthreads();
        load_keys(y, first, keys, width, tile);
        __syncthreads();
        for (int d = lane; d < width; d += 32)
        {
            float sum = sums[d];
            for (int r = 0; r < here; r++) sum += row[first + r] * tile[r * (width + 1) + d];
            sums[d] = sum;
        }
    }
}

// Scores to weights, by one warp.
NR_DEVICE void soft_max(float* row, int keys, float scale)
{
    const int lane = threadIdx.x & 31;
    float largest = __int_as_float(0xff800000), sum = 0.0f;
    for (int key = lane; key < keys; key += 32) largest = fmaxf(largest, row[key]);
    largest = warp_max(largest);
    for (int key = lane; key < keys; key += 32)
    {
        row[key] = expf((row[key] - largest) * scale);
        sum += row[key];
    }
    const float inverse = 1.0f / warp_sum(sum);
    for (int key = lane; key < keys; key += 32) row[key] *= inverse;
}

// Weight [head, query, key] after dropout.
NR_DEVICE float dropped(float weight, const dropout& rule, int head, int query, int key, int tokens)
{
    if (rule.threshold == 0) return weight;
    const philox_word number = ((philox_word)head * tokens + query) * tokens + key;
    return philox_uint(rule.source, number) >> 8 < rule.threshold ? 0.0f : weight * rule.scale;
}

template <class T>
NR_DEVICE void long_forward(
    const T* __restrict__ qkv, const int* __restrict__ starts, int* fault, float scale, const dropout& rule, T* __restrict__ y,
    int sentences, int rows, int tokens, int heads, int width)
{
    NR_DYNAMIC_SHARED(float, tile);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, head = blockIdx.x, query = blockIdx.y * Owned + warp;
    float* const row = tile + Keys * (width + 1) + warp * tokens;
    float* const own = tile + Keys * (width + 1) + Owned * tokens + warp * width;
    const span here = span_of(starts, head / heads, rows, tokens, fault);
    const bool active = query < here.length;
    const size_t across = (size_t)heads * width;

    clear_rest(starts, head / heads, here, sentences, rows, width, y + (size_t)(head % heads) * width, across);
    const slice<T> queries = slice_of(qkv, 3, 0, here, head, heads, width);
    for (int d = lane; d < width; d += 32) own[d] = active ? queries.at(query, d) : 0.0f;
    dot_with_all(slice_of(qkv, 3, 1, here, head, heads, width), here.length, width, own, row, tile);
    soft_max(row, here.length, scale);
    for (int key = lane; key < here.length; key += 32) row[key] = dropped(row[key], rule, head, query, key, tokens);
    __syncwarp();
    weighted_sum(slice_of(qkv, 3, 2, here, head, heads, width), here.length, width, row, own, tile);
    if (active)
        for (int d = lane; d < width; d += 32) store(&y[(here.first + query) * across + (size_t)(head % heads) * width + d], own[d]);
}

// Also leaves ds and shares for the keys.
template <class T>
NR_DEVICE void long_queries(
    const T* __restrict__ dy, const T* __restrict__ qkv, const int* __restrict__ starts, float scale, const dropout& rule,
    T* __restrict__ dqkv, float* __restrict__ ds, float* __restrict__ shares, int sentences, int rows, int tokens, int heads, int width)
{
    NR_DYNAMIC_SHARED(float, tile);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, head = blockIdx.x, query = blockIdx.y * Owned + warp;
    float* const weights = tile + Keys * (width + 1) + warp * 2 * tokens;
    float* const slopes = weights + tokens;
    float* const own = tile + Keys * (width + 1) + Owned * 2 * tokens + warp * width;
    const span here = span_of(starts, head / heads, rows, tokens, nullptr);
    const bool active = query < here.length;
    const size_t across = (size_t)heads * width;
    const slice<T> keys = slice_of(qkv, 3, 1, here, head, heads, width);

    for (int part = 0; part < 3; part++)
        clear_rest(starts, head / heads, here, sentences, rows, width, dqkv + part * across + (size_t)(head % heads) * width, 3 * across);
    const slice<T> queries = slice_of(qkv, 3, 0, here, head, heads, width);
    for (int d = lane; d < width; d += 32) own[d] = active ? queries.at(query, d) : 0.0f;
    dot_with_all(keys, here.length, width, own, weights, tile);
    soft_max(weights, here.length, scale);
    const slice<T> upstream = slice_of(dy, 1, 0, here, head, heads, width);
    for (int d = lane; d < width; d += 32) own[d] = active ? upstream.at(query, d) : 0.0f;
    dot_with_all(slice_of(qkv, 3, 2, here, head, heads, width), here.length, width, own, slopes, tile);
    float along = 0.0f;
    for (int key = lane; key < here.length; key += 32)
    {
        slopes[key] = dropped(slopes[key], rule, head, query, key, tokens);
        along += slopes[key] * weights[key];
    }
    along = warp_sum(along);
    for (int key = lane; key < here.length; key += 32)
    {
        slopes[key] = (slopes[key] - along) * weights[key] * scale;
        if (!active) continue;
        const size_t at = ((size_t)head * tokens + query) * tokens + key;
        ds[at] = slopes[key];
        shares[at] = dropped(weights[key], rule, head, query, key, tokens);
    }
    __syncwarp();
    weighted_sum(keys, here.length, width, slopes, own, tile);
    if (active)
        for (int d = lane; d < width; d += 32) store(&dqkv[(here.first + query) * 3 * across + (size_t)(head % heads) * width + d], own[d]);
}

template <class T>
NR_DEVICE void long_keys(
    const T* __restrict__ dy, const T* __restrict__ qkv, const int* __restrict__ starts, const float* __restrict__ ds,
    const float* __restrict__ shares, T* __restrict__ dqkv, int sentences, int rows, int tokens, int heads, int width)
{
    NR_DYNAMIC_SHARED(float, queries);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, head = blockIdx.x, key = blockIdx.y * Owned + warp;
    float* const gradients = queries + Keys * (width + 1);
    float* const slope = gradients + Keys * (width + 1) + warp * 2 * (Keys + width);
    float* const share = slope + Keys;
    float* const own_k = share + Keys;
    float* const own_v = own_k + width;
    const span here = span_of(starts, head / heads, rows, tokens, nullptr);
    const bool active = key < here.length;
    const size_t across = (size_t)heads * width;

    for (int d = lane; d < width; d += 32) own_k[d] = own_v[d] = 0.0f;
    for (int first = 0; first < here.length; first += Keys)
    {
        const int query = first + lane, count = min((int)Keys, here.length - first);
        __syncthreads();
        load_keys(slice_of(qkv, 3, 0, here, head, heads, width), first, here.length, width, queries);
        load_keys(slice_of(dy, 1, 0, here, head, heads, width), first, here.length, width, gradients);
        const size_t at = ((size_t)head * tokens + query) * tokens + key;
        const bool reads = active && query < here.length;
        slope[lane] = reads ? ds[at] : 0.0f;
        share[lane] = reads ? shares[at] : 0.0f;
        __syncthreads();
        for (int d = lane; d < width; d += 32)
        {
            float sum_k = own_k[d], sum_v = own_v[d];
            for (int r = 0; r < count; r++)
            {
                sum_k += slope[r] * queries[r * (width + 1) + d];
                sum_v += share[r] * gradients[r * (width + 1) + d];
            }
            own_k[d] = sum_k;
            own_v[d] = sum_v;
        }
    }
    if (active)
        for (int d = lane; d < width; d += 32)
        {
            T* const target = dqkv + (here.first + key) * 3 * across + (size_t)(head % heads) * width + d;
            store(target + across, own_k[d]);
            store(target + 2 * across, own_v[d]);
        }
}
