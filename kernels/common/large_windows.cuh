// Attention in windows of more than 64 tokens, or of wide heads: a block owns a window and a head, with keys and values in shared memory;
// each warp takes every eighth query and keeps its row of weights. Backward also has queries, output gradients and all weights: P is
// replaced by dS row by row once Pᵀ·dy is done. Dot products in f32 in the order of d, sums over keys and queries in their order.
#pragma once
#include "common/window_map.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"

// rows[token, d] = scale * x[pixel of token, channel + d], rows one float apart from depth: lanes read different banks.
template <class T>
NR_DEVICE void load_rows(const T* __restrict__ x, const window_map& map, int channels, int channel, int depth, float scale, float* rows)
{
    for (int i = threadIdx.x; i < map.tokens * depth; i += blockDim.x)
        rows[i / depth * (depth + 1) + i % depth] = scale * to_float(x[map.pixel(i / depth) * channels + channel + i % depth]);
}

NR_DEVICE void load_table(const float* __restrict__ table, int places, int heads, int head, float* biases)
{
    for (int i = threadIdx.x; i < places; i += blockDim.x) biases[i] = table[(size_t)i * heads + head];
}

// row[key] = softmax(q . k[key] + b + m) by one warp.
NR_DEVICE void weigh(const window_map& map, int query, const float* q, const float* k, const float* biases, int depth, float* row)
{
    const int lane = threadIdx.x & 31;
    float largest = __int_as_float(0xff800000);
    for (int key = lane; key < map.tokens; key += 32)
    {
        float dot = 0.0f;
        for (int d = 0; d < depth; d++) dot += q[d] * k[key * (depth + 1) + d];
        dot += biases[map.relative(query, key)];
        if (map.apart(query, key)) dot -= 100.0f;
        row[key] = dot;
        largest = fmaxf(largest, dot);
    }
    largest = warp_max(largest);
    float sum = 0.0f;
    for (int key = lane; key < map.tokens; key += 32)
    {
        row[key] = expf(row[key] - largest);
        sum += row[key];
    }
    const float inverse = 1.0f / warp_sum(sum);
    for (int key = lane; key < map.tokens; key += 32) row[key] *= inverse;
    __syncwarp();
}

template <class T>
NR_DEVICE void large_forward(
    const T* __restrict__ qkv, const float* __restrict__ table, float scale, T* __restrict__ y, int height, int width, int heads, int depth,
    int window, int shift)
{
    NR_DYNAMIC_SHARED(float, keys);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5, head = blockIdx.y, channels = heads * depth;
    const window_map map = map_of(blockIdx.x, height, width, window, shift);
    const int tokens = map.tokens, places = (2 * window - 1) * (2 * window - 1);
    float* const values = keys + tokens * (depth + 1);
    float* const biases = values + tokens * (depth + 1);
    float* const row = biases + places + warp * (tokens + depth);
    float* const own = row + tokens;

    load_rows(qkv, map, 3 * channels, channels + head * depth, depth, 1.0f, keys);
    load_rows(qkv, map, 3 * channels, 2 * channels + head * depth, depth, 1.0f, values);
    load_table(table, places, heads, head, biases);
    __syncthreads();
    for (int query = warp; query < tokens; query += warps)
    {
        const size_t pixel = map.pixel(query);
        for (int d = lane; d < depth; d += 32) own[d] = scale * to_float(qkv[pixel * 3 * channels + head * depth + d]);
        __syncwarp();
        weigh(map, query, own, keys, biases, depth, row);
        for (int d = lane; d < depth; d += 32)
        {
            float sum = 0.0f;
            for (int key = 0; key < tokens; key++) sum += row[key] * values[key * (depth + 1) + d];
            store(y + pixel * channels + head * depth + d, sum);
        }
        __syncwarp();
    }
}

template <class T>
NR_DEVICE void large_backward(
    const T* __restrict__ dy, const T* __restrict__ qkv, const float* __restrict__ table, float scale, T* __restrict__ dqkv,
    float* __restrict__ partial, int height, int width, int heads, int depth, int window, int shift)
{
    NR_DYNAMIC_SHARED(float, queries);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5, head = blockIdx.y, channels = heads * depth;
    const window_map map = map_of(blockIdx.x, height, width, window, shift);
    const int tokens = map.tokens, places = (2 * window - 1) * (2 * window - 1), stride = depth + 1;
    float* const keys = queries + tokens * stride;
    float* const values = keys + tokens * stride;
    float* const gradients = values + tokens * stride;
    float* const weights = gradients + tokens * stride;
    float* const biases = weights + tokens * (tokens + 1);

    load_rows(qkv, map, 3 * channels, head * depth, depth, scale, queries);
    load_rows(qkv, map, 3 * channels, channels + head * depth, depth, 1.0f, keys);
    load_rows(qkv, map, 3 * channels, 2 * channels + head * depth, depth, 1.0f, values);
    load_rows(dy, map, channels, head * depth, depth, 1.0f, gradients);
    load_table(table, places, heads, head, biases);
    __syncthreads();
    for (int query = warp; query < tokens; query += warps)
        weigh(map, query, queries + query * stride, keys, biases, depth, weights + query * (tokens + 1));
    __syncthreads();
    for (int i = threadIdx.x; i < tokens * depth; i += blockDim.x)
    {
        const int key = i / depth, d = i % depth;
        float sum = 0.0f;
        for (int query = 0; query < tokens; query++) sum += weights[query * (tokens + 1) + key] * gradients[query * stride + d];
        store(dqkv + map.pixel(key) * 3 * channels + 2 * channels + head * depth + d, sum);
    }
    __syncthreads();
    for (int query = warp; query < tokens; query += warps)
    {
        // Two passes over the values spare a second row: dP is computed for the sum, and again for the difference.
        float* const row = weights + query * (tokens + 1);
        const float* const gradient = gradients + query * stride;
        float along = 0.0f;
        for (int key = lane; key < tokens; key += 32)
        {
            float dot = 0.0f;
            for (int d = 0; d < depth; d++) dot += gradient[d] * values[key * stride + d];
            along += dot * row[key];
        }
        along = warp_sum(along);
        for (int key = lane; key < tokens; key += 32)
        {
            float dot = 0.0f;
            for (int d = 0; d < depth; d++) dot += gradient[d] * values[key * stride + d];
            row[key] *= dot - along;
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < tokens * depth; i += blockDim.x)
    {
        const int token = i / depth, d = i % depth;
        float sum_q = 0.0f, sum_k = 0.0f;
        for (int other = 0; other < tokens; other++)
        {
            sum_q += weights[token * (tokens + 1) + other] * keys[other * stride + d];
            sum_k += weights[other * (tokens + 1) + token] * queries[other * stride + d];
        }
        T* const target = dqkv + map.pixel(token) * 3 * channels + head * depth + d;
        store(target, sum_q * scale);
        store(target + channels, sum_k); // the queries are scaled already
    }
    for (int place = threadIdx.x; place < places; place += blockDim.x)
    {
        const int down = place / (2 * window - 1) - (window - 1), right = place % (2 * window - 1) - (window - 1);
        float sum = 0.0f;
        for (int r = max(down, 0); r < min(window + down, window); r++)
            for (int c = max(right, 0); c < min(window + right, window); c++)
                sum += weights[(r * window + c) * (tokens + 1) + (r - down) * window + c - right];
        partial[((size_t)blockIdx.x * heads + head) * share_width(places) + place] = sum;
    }
}
