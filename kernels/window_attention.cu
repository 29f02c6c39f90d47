// per window of a grid that is rolled up and left, and per head: y = softmax(q·kᵀ/√D + b + m)·v, rolled back
// b: the table's entry for the places of query and key relative to each other; m: -100 where rolling brought strangers together, else 0
// backward, with P the soft-max, computed again: dv = Pᵀ·dy, dS = P ∘ (dy·vᵀ − Σ_keys dy·vᵀ ∘ P), dq = dS·k/√D, dk = dSᵀ·q/√D, db = Σ dS
//   qkv      [clips, height, width, 3, heads, depth]   f32 or bf16  row-major
//   table    [(2·window − 1)², heads]                  f32          row-major
//   y        [clips, height, width, heads, depth]      like qkv     row-major
//   dy       [clips, height, width, heads, depth]      like qkv     row-major
//   dqkv     [clips, height, width, 3, heads, depth]   like qkv     row-major
//   partial  [windows, heads, share_width]             f32          row-major: each window's share of the table's gradient
//   dtable   [(2·window − 1)², heads]                  f32          row-major
// method    A block owns a window (counted over all clips) and one head or two that lie side by side, with their queries, keys and values
//           in shared memory, a warp 16 of the queries of one head: scores and soft-max never leave its registers, and go as operands into
//           the next product. Backward computes P again; dS and P pass through shared memory, where a warp then takes 16 keys, and dS is
//           summed by relative place; that is summed over the windows. Large windows and wide heads: common/large_windows.cuh.
// mapping   forward, backward: blockIdx.x = window, y = heads, a warp per 16 tokens and head, at most 256 threads; large: y = head, 256
//           threads; table: x = 8 places, y = 8 heads, 256 threads: a lane has a place and every 32nd window
// shared    dynamic, in floats, S = window², R = S in whole 16, W = depth in whole 8 and 4 more, B = (2·window − 1)²: for each head of a
//           block forward 3·R·W + B, backward 4·R·W + R·(R + 4) + B, and 2·R for all; large_forward 2·S·(depth + 1) + B + 8·(S + depth),
//           large_backward 4·S·(depth + 1) + S·(S + 1) + B; table static: 2.25 KiB
// numerics  products on the tensor cores with f32 sums: TF32 operands (bf16 values are exact in them), with exact three products, to f32's
//           accuracy; the soft-max in f32; large: f32; the table's gradient in a fixed order, without atomics
// limits    height and width multiples of window; shift below window; forward and backward: windows of up to 64 tokens; sizes as shared
//           memory allows
// reference src/NativeRetrieval.Core/Cpu/WindowAttention.cs
#include "common/attention_tiles.cuh"
#include "common/large_windows.cuh"

// Tiles of 8 keys of a window, at most.
constexpr int WindowTiles = 8;

// A block's window and heads, and the warp's part of them.
struct window_block
{
    window_map map;
    int heads, depth, group, padded, stride, head, first; // heads of the block, tokens in whole 16; head and first query of the warp

    NR_DEVICE int tiles() const { return padded / 8; }
    NR_DEVICE int tile() const { return padded * stride; }
    NR_DEVICE int first_head() const { return blockIdx.y * group; }
    NR_DEVICE int places() const { return (2 * map.window - 1) * (2 * map.window - 1); }
};

NR_DEVICE window_block block_of(int height, int width, int heads, int depth, int window, int shift, int group)
{
    const window_map map = map_of(blockIdx.x, height, width, window, shift);
    const int padded = (map.tokens + Rows - 1) / Rows * Rows, warps = padded / Rows, warp = threadIdx.x >> 5;
    return { map, heads, depth, group, padded, (depth + 7) / 8 * 8 + 4, warp / warps, warp % warps * Rows };
}

// A token's pixel in its clip, and its place in the window with its region in the upper half; a token behind the last has place 0.
NR_DEVICE void note_tokens(const window_block& own, int* pixels, int* places)
{
    for (int token = threadIdx.x; token < own.padded; token += blockDim.x)
    {
        const bool inside = token < own.map.tokens;
        pixels[token] = inside ? (int)(own.map.pixel(token) - own.map.first) : 0;
        places[token] = inside ? own.map.place(token) | own.map.region(token) << 16 : 0;
    }
}

// biases [head of the block, place]
NR_DEVICE void load_biases(const window_block& own, const float* __restrict__ table, float* biases)
{
    for (int i = threadIdx.x; i < own.places() * own.group; i += blockDim.x)
    {
        const int place = i / own.group, head = i % own.group;
        biases[head * own.places() + place] = table[(size_t)place * own.heads + own.first_head() + head];
    }
}

// The block's tiles, a head after the other, of channels that lie `row` apart from pixel to pixel; zeros behind the last token and the
// depth. Call finish_loading before they are read.
template <class T>
NR_DEVICE void load_heads(const T* __restrict__ x, int row, const window_block& own, const int* pixels, float* tiles)
{
    constexpr int Size = pack<T>::Size;
    const int per_head = (own.stride - 4) / Size, per_row = own.group * per_head;
    x += own.map.first * row + own.first_head() * own.depth;
    const bool aligned = is_aligned(x) && row % Size == 0 && own.depth % Size == 0;
    for (int i = threadIdx.x; i < own.padded * per_row; i += blockDim.x)
    {
        const int token = i / per_row, head = i % per_row / per_head, d = i % per_head * Size;
        float* const target = tiles + head * own.tile() + token * own.stride + d;
        const T* const source = x + (size_t)pixels[token] * row + head * own.depth + d;
        load_into_tile(source, token < own.map.tokens ? own.depth - d : 0, aligned, target);
    }
}

// y = scale·tiles, the other way.
template <class T>
NR_DEVICE void store_heads(const float* tiles, float scale, const window_block& own, const int* pixels, T* __restrict__ y, int row)
{
    constexpr int Size = pack<T>::Size;
    const int per_head = (own.depth + Size - 1) / Size, per_row = own.group * per_head;
    y += own.map.first * row + own.first_head() * own.depth;
    const bool aligned = is_aligned(y) && row % Size == 0 && own.depth % Size == 0;
    for (int i = threadIdx.x; i < own.map.tokens * per_row; i += blockDim.x)
    {
        const int token = i / per_row, head = i % per_row / per_head, d = i % per_head * Size;
        T* const target = y + (size_t)pixels[token] * row + head * own.depth + d;
        float values[Size];
        load_values(tiles + head * own.tile() + token * own.stride + d, values);
#pragma unroll
        for (int k = 0; k < Size; k++) values[k] *= scale;
        if (aligned) store_values(target, values);
        else
#pragma unroll
            for (int k = 0; k < Size; k++)
                if (d + k < own.depth) store(target + k, values[k]);
    }
}

// Weights of the warp's queries: the soft-max of scale·scores with biases and mask.
NR_DEVICE void weigh(const window_block& own, const float* biases, const int* places, float scale, float (&d)[WindowTiles][4])
{
    const int g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
    const int upper = places[own.first + g], lower = places[own.first + g + 8];
    const float* const centre = biases + own.head * own.places() + own.map.centre();
#pragma unroll
    for (int n = 0; n < WindowTiles; n++)
#pragma unroll
        for (int e = 0; e < 4; e++)
            if (n < own.tiles())
            {
                const int query = e < 2 ? upper : lower, key = places[n * 8 + 2 * t + e % 2];
                const float bias = centre[(query & 0xffff) - (key & 0xffff)];
                d[n][e] = d[n][e] * scale + (query >> 16 == key >> 16 ? bias : bias - 100.0f);
            }
    soft_max(d, own.tiles(), own.map.tokens, 1.0f);
}

template <class T>
NR_DEVICE void forward(
    const T* __restrict__ qkv, const float* __restrict__ table, float scale, int exact, T* __restrict__ y, const window_block& own)
{
    NR_DYNAMIC_SHARED(float, queries);
    const int all = own.group * own.tile(), channels = own.heads * own.depth, mine = own.head * own.tile();
    float *const keys = queries + all, *const values = keys + all, *const biases = values + all;
    int *const pixels = (int*)(biases + own.group * own.places()), *const places = pixels + own.padded;

    note_tokens(own, pixels, places);
    __syncthreads();
    load_heads(qkv, 3 * channels, own, pixels, queries);
    load_heads(qkv + channels, 3 * channels, own, pixels, keys);
    load_heads(qkv + 2 * channels, 3 * channels, own, pixels, values);
    load_biases(own, table, biases);
    finish_loading();

    float weights[WindowTiles][4];
    float* const rows = queries + mine + own.first * own.stride; // this warp's alone, and free once the scores are there
    rows_by_rows<T>(exact, rows, keys + mine, own.stride, own.tiles(), weights);
    weigh(own, biases, places, scale, weights);
    __syncwarp();
    weighted_rows<T>(exact, weights, values + mine, own.stride, own.tiles(), rows);
    __syncthreads();
    store_heads(queries, 1.0f, own, pixels, y, channels);
}

// The window's share of the table's gradient: dS [queries, keys] of the warp's head summed by relative place. Lanes of a half are places
// side by side, the two halves have half of the window's columns each.
NR_DEVICE void sum_places(const window_block& own, const float* slopes, int slope_stride, float* __restrict__ partial)
{
    constexpr int Half = 16;
    const int window = own.map.window, across = 2 * window - 1, lane = threadIdx.x & 31, warps = own.padded / Rows;
    const int right = lane % Half - (window - 1), columns = (window + 1) / 2, begin = lane / Half * columns;
    for (int row = own.first / Rows; row < across; row += warps)
    {
        const int down = row - (window - 1);
        float sum = 0.0f;
        for (int r = max(down, 0); r < min(window + down, window); r++)
            for (int c = begin; c < begin + columns; c++)
            {
                // All lanes load, so that they stay together.
                const int key = min(max(c - right, 0), window - 1), query = min(c, window - 1);
                const float slope = slopes[(r * window + query) * slope_stride + (r - down) * window + key];
                sum += query == c && key == c - right ? slope : 0.0f;
            }
        sum += __shfl_xor_sync(0xffffffffu, sum, Half);
        const size_t share = (size_t)blockIdx.x * own.heads + own.first_head() + own.head;
        if (lane < min(across, Half)) partial[share * share_width(own.places()) + row * across + lane] = sum;
    }
}

template <class T>
NR_DEVICE void backward(
    const T* __restrict__ dy, const T* __restrict__ qkv, const float* __restrict__ table, float scale, int exact,
    T* __restrict__ dqkv, float* __restrict__ partial, const window_block& own)
{
    NR_DYNAMIC_SHARED(float, queries);
    const int all = own.group * own.tile(), channels = own.heads * own.depth, mine = own.head * own.tile();
    const int square_stride = own.padded + 4, square_size = own.padded * square_stride, ours = own.first * own.stride;
    float *const keys = queries + all, *const values = keys + all, *const gradients = values + all, *const squares = gradients + all;
    float *const square = squares + own.head * square_size, *const biases = squares + own.group * square_size;
    int *const pixels = (int*)(biases + own.group * own.places()), *const places = pixels + own.padded;

    note_tokens(own, pixels, places);
    __syncthreads();
    load_heads(qkv, 3 * channels, own, pixels, queries);
    load_heads(qkv + channels, 3 * channels, own, pixels, keys);
    load_heads(qkv + 2 * channels, 3 * channels, own, pixels, values);
    load_heads(dy, channels, own, pixels, gradients);
    load_biases(own, table, biases);
    finish_loading();

    float weights[WindowTiles][4], slopes[WindowTiles][4];
    rows_by_rows<T>(exact, queries + mine + ours, keys + mine, own.stride, own.tiles(), weights);
    weigh(own, biases, places, scale, weights);
    rows_by_rows<T>(exact, gradients + mine + ours, values + mine, own.stride, own.tiles(), slopes);
#pragma unroll
    for (int half = 0; half < 4; half += 2)
    {
        float along = 0.0f;
#pragma unroll
        for (int n = 0; n < WindowTiles; n++) along += slopes[n][half] * weights[n][half] + slopes[n][half + 1] * weights[n][half + 1];
        along = quad_sum(along);
#pragma unroll
        for (int n = 0; n < WindowTiles; n++)
        {
            slopes[n][half] = (slopes[n][half] - along) * weights[n][half];
            slopes[n][half + 1] = (slopes[n][half + 1] - along) * weights[n][half + 1];
        }
    }
    put_rows(slopes, own.tiles(), square_stride, square + own.first * square_stride);
    __syncthreads();
    // Each result goes where nobody reads any more: dq for the values, dk for the keys, dv for the queries.
    weighted_rows<T>(exact, slopes, keys + mine, own.stride, own.tiles(), values + mine + ours);
    sum_places(own, square, square_stride, partial);
    __syncthreads();
    weighted_queries<T>(exact, square + own.first, square_stride, queries + mine, own.stride, own.padded, keys + mine + ours);
    __syncthreads();
    put_rows(weights, own.tiles(), square_stride, square + own.first * square_stride);
    store_heads(values, scale, own, pixels, dqkv, 3 * channels);
    store_heads(keys, scale, own, pixels, dqkv + channels, 3 * channels);
    __syncthreads();
    weighted_queries<T>(exact, square + own.first, square_stride, gradients + mine, own.stride, own.padded, queries + mine + ours);
    __syncthreads();
    store_heads(queries, 1.0f, own, pixels, dqkv + 2 * channels, 3 * channels);
}

#define ENTRY_POINTS(T)                                                                                                          \
    extern "C" __global__ void __launch_bounds__(256) window_attention_forward_##T(                                              \
        const T* __restrict__ qkv, const float* __restrict__ table, float scale, int exact, T* __restrict__ y, int height,       \
        int width, int heads, int depth, int window, int shift, int group)                                                       \
    {                                                                                                                            \
        const window_block own = block_of(height, width, heads, depth, window, shift, group);                                    \
        forward(qkv, table, scale, exact, y, own);                                                                               \
    }                                                                                                                            \
    extern "C" __global__ void __launch_bounds__(256, is_f32<T> ? 1 : 2) window_attention_backward_##T(                          \
        const T* __restrict__ dy, const T* __restrict__ qkv, const float* __restrict__ table, float scale, int exact,            \
        T* __restrict__ dqkv, float* __restrict__ partial, int height, int width, int heads, int depth, int window, int shift,   \
        int group)                                                                                                               \
    {                                                                                                                            \
        const window_block own = block_of(height, width, heads, depth, window, shift, group);                                    \
        backward(dy, qkv, table, scale, exact, dqkv, partial, own);                                                              \
    }                                                                                                                            \
    extern "C" __global__ void __launch_bounds__(256) window_attention_large_forward_##T(                                        \
        const T* __restrict__ qkv, const float* __restrict__ table, float scale, T* __restrict__ y, int height, int width,       \
        int heads, int depth, int window, int shift)                                                                             \
    {                                                                                                                            \
        large_forward(qkv, table, scale, y, height, width, heads, depth, window, shift);                                         \
    }                                                                                                                            \
    extern "C" __global__ void __launch_bounds__(256) window_attention_large_backward_##T(                                       \
        const T* __restrict__ dy, const T* __restrict__ qkv, const float* __restrict__ table, float scale, T* __restrict__ dqkv, \
        float* __restrict__ partial, int height, int width, int heads, int depth, int window, int shift)                         \
    {                                                                                                                            \
        large_backward(dy, qkv, table, scale, dqkv, partial, height, width, heads, depth, window, shift);                        \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)

extern "C" __global__ void __launch_bounds__(256) window_attention_table_f32(
    const float* __restrict__ partial, float* __restrict__ dtable, int windows, int places, int heads)
{
    constexpr int Places = 8, Heads = 8, Warps = 8, Step = 32;
    __shared__ float sums[Warps][Places][Heads + 1];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, place = blockIdx.x * Places + lane % Places, head = blockIdx.y * Heads;
    const size_t width = share_width(places);
    float own[Heads] = {};
    if (place < places)
        for (int at = warp * (Step / Warps) + lane / Places; at < windows; at += Step)
#pragma unroll
            for (int h = 0; h < Heads; h++)
                if (head + h < heads) own[h] += partial[((size_t)at * heads + head + h) * width + place];
#pragma unroll
    for (int h = 0; h < Heads; h++)
    {
        own[h] += __shfl_xor_sync(0xffffffffu, own[h], Places);
        own[h] += __shfl_xor_sync(0xffffffffu, own[h], 2 * Places);
        if (lane < Places) sums[warp][lane][h] = own[h];
    }
    __syncthreads();
    const int mine = threadIdx.x / Heads, of = threadIdx.x % Heads;
    if (mine >= Places || blockIdx.x * Places + mine >= places || head + of >= heads) return;
    float total = 0.0f;
#pragma unroll
    for (int w = 0; w < Warps; w++) total += sums[w][mine][of];
    dtable[(size_t)(blockIdx.x * Places + mine) * heads + head + of] = total;
}
