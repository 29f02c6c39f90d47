// per window of a grid that is rolled up and left, and per head: y = softmax(q·kᵀ/√D + b + m)·v, rolled back
// b: the table's entry for the places of query and key relative to each other; m: -100 where rolling brought strangers together, else 0
// backward, with P the soft-max, computed again: dv = Pᵀ·dy, dS = P ∘ (dy·vᵀ − Σ_keys dy·vᵀ ∘ P), dq = dS·k/√D, dk = dSᵀ·q/√D, db = Σ dS
//   qkv      [clips, height, width, 3, heads, depth]   f32  row-major
//   table    [(2·window − 1)², heads]                  f32  row-major
//   y        [clips, height, width, heads, depth]      f32  row-major
//   dy       [clips, height, width, heads, depth]      f32  row-major
//   dqkv     [clips, height, width, 3, heads, depth]   f32  row-major
//   partial  [heads, (2·window − 1)², places]          f32  row-major: each window's share of the table's gradient
//   dtable   [(2·window − 1)², heads]                  f32  row-major
// method    A block owns a window (place, counted over all clips) and a head, with keys and values in shared memory; each warp takes every
//           eighth query and keeps its row of weights. backward also has queries, output gradients and all weights: P is replaced by dS
//           row by row once Pᵀ·dy is done. The table's gradient is summed within the block by relative place, then over the windows.
// mapping   forward, backward: blockIdx.x = place, y = head, 256 threads; table: one block of 128 per relative place and head
// shared    dynamic, in floats, S = window²: forward 2·S·(depth + 1) + (2·window − 1)² + 8·(S + depth);
//           backward 4·S·(depth + 1) + S·(S + 1) + (2·window − 1)²; table: one float per warp
// numerics  dot products in f32 in the order of d, sums over keys and queries in their order, the soft-max's lane by lane; no atomics
// limits    height and width multiples of window; shift below window; sizes as shared memory allows
// reference src/NativeRetrieval.Core/Cpu/WindowAttention.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"

// The grid and a block's window in it.
struct window_map
{
    int width, window, shift, tokens, row, column, height;
    size_t first;       // pixel where the clip begins
    bool last_row, last_column;

    NR_DEVICE size_t pixel(int token) const
    {
        const int r = (row + token / window + shift) % height, c = (column + token % window + shift) % width;
        return first + (size_t)r * width + c;
    }

    NR_DEVICE int relative(int query, int key) const
    {
        return (query / window - key / window + window - 1) * (2 * window - 1) + (query % window - key % window + window - 1);
    }

    // Rolling brought both together: one lies before the seam, the other behind it.
    NR_DEVICE bool apart(int query, int key) const
    {
        const int seam = window - shift;
        return (last_row && (query / window < seam) != (key / window < seam))
            || (last_column && (query % window < seam) != (key % window < seam));
    }
};

NR_DEVICE window_map map_of(int place, int height, int width, int window, int shift)
{
    const int across = width / window, windows = height / window * across, index = place % windows;
    const int row = index / across, column = index % across;
    return { width, window, shift, window * window, row * window, column * window, height, (size_t)(place / windows) * height * width,
             shift > 0 && row == height / window - 1, shift > 0 && column == across - 1 };
}

// rows[token, d] = scale * x[pixel of token, channel + d], rows one float apart from depth: lanes read different banks.
NR_DEVICE void load_rows(const float* __restrict__ x, const window_map& map, int channels, int channel, int depth, float scale, float* rows)
{
    for (int i = threadIdx.x; i < map.tokens * depth; i += blockDim.x)
        rows[i / depth * (depth + 1) + i % depth] = scale * x[map.pixel(i / depth) * channels + channel + i % depth];
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

extern "C" __global__ void __launch_bounds__(256) window_attention_forward_f32(
    const float* __restrict__ qkv, const float* __restrict__ table, float scale, float* __restrict__ y, int height, int width, int heads,
    int depth, int window, int shift)
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
        for (int d = lane; d < depth; d += 32) own[d] = scale * qkv[pixel * 3 * channels + head * depth + d];
        __syncwarp();
        weigh(map, query, own, keys, biases, depth, row);
        for (int d = lane; d < depth; d += 32)
        {
            float sum = 0.0f;
            for (int key = 0; key < tokens; key++) sum += row[key] * values[key * (depth + 1) + d];
            y[pixel * channels + head * depth + d] = sum;
        }
        __syncwarp();
    }
}

extern "C" __global__ void __launch_bounds__(256) window_attention_backward_f32(
    const float* __restrict__ dy, const float* __restrict__ qkv, const float* __restrict__ table, float scale, float* __restrict__ dqkv,
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
        dqkv[map.pixel(key) * 3 * channels + 2 * channels + head * depth + d] = sum;
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
        float* const target = dqkv + map.pixel(token) * 3 * channels + head * depth + d;
        target[0] = sum_q * scale;
        target[channels] = sum_k; // the queries are scaled already
    }
    for (int place = threadIdx.x; place < places; place += blockDim.x)
    {
        const int down = place / (2 * window - 1) - (window - 1), right = place % (2 * window - 1) - (window - 1);
        float sum = 0.0f;
        for (int r = max(down, 0); r < min(window + down, window); r++)
            for (int c = max(right, 0); c < min(window + right, window); c++)
                sum += weights[(r * window + c) * (tokens + 1) + (r - down) * window + c - right];
        partial[((size_t)head * places + place) * gridDim.x + blockIdx.x] = sum;
    }
}

extern "C" __global__ void __launch_bounds__(128) window_attention_table_f32(
    const float* __restrict__ partial, float* __restrict__ dtable, int windows, int places, int heads)
{
    NR_DYNAMIC_SHARED(float, sums);
    const int place = blockIdx.x % places, head = blockIdx.x / places;
    float sum = 0.0f;
    for (int i = threadIdx.x; i < windows; i += blockDim.x) sum += partial[(size_t)blockIdx.x * windows + i];
    sum = block_sum(sum, sums);
    if (threadIdx.x == 0) dtable[(size_t)place * heads + head] = sum;
}
