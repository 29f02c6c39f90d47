// per sentence and head: y = drop(softmax(q·kᵀ/√D))·v over the sentence's own tokens
// backward, with P the soft-max: dP = drop(dy·vᵀ), dS = P ∘ (dP − Σ_keys dP ∘ P)/√D, dq = dS·k, dk = dSᵀ·q, dv = drop(P)ᵀ·dy
// drop: 0 where the upper 24 bits of the weight's number are below the threshold, else times 1/(1 − p)
//   qkv     [rows, 3, heads, width]              f32 or bf16  row-major: query, key and value of each token, sentence after sentence
//   starts  [sentences + 1]                      i32          first row of each sentence, and the row behind the last one
//   y       [rows, heads, width]                 like qkv     row-major
//   dy      [rows, heads, width]                 like qkv     row-major
//   dqkv    [rows, 3, heads, width]              like qkv     row-major
//   long backward:
//   ds      [sentences, heads, tokens, tokens]   f32          row-major: dS
//   shares  [sentences, heads, tokens, tokens]   f32          row-major: drop(P)
//   fault   common/fault.cuh
// method    A block has all tokens of one sentence and head in shared memory, a warp 16 of the queries: scores, soft-max and mask never
//           leave its registers, and go as operands into the next product. Backward computes P again; dS and drop(P) pass through shared
//           memory, where a warp then takes 16 keys. Longer sentences and wider heads go the long way: a warp owns one query (or key),
//           keeps its row in shared memory and shares tiles of 32 keys with the block's seven others.
// mapping   forward, backward: blockIdx.x = (sentence, head), a warp per 16 tokens of the longest sentence, at most 256 threads;
//           long: blockIdx.x = (sentence, head), y = 8 queries (long_keys: 8 keys), a warp each; 256 threads
// shared    dynamic, in floats, R = tokens in whole 16, S = width in whole 8 and 4 more: forward 3·R·S, backward 4·R·S + R·(R + 4),
//           long_forward 32·(width + 1) + 8·(tokens + width), long_queries 32·(width + 1) + 8·(2·tokens + width),
//           long_keys 64·(width + 1) + 16·(32 + width)
// numerics  products on the tensor cores with f32 sums: TF32 operands (bf16 values are exact in them), with exact three products, to
//           f32's accuracy; the soft-max against the row's maximum in f32; long: f32 in the order of d and of the keys
// limits    any sizes, also 0; forward and backward: up to 128 tokens and 128 values of a head; a sentence outside the rows or longer
//           than tokens is a fault and counts as empty; rows behind the last sentence get zeros
// reference src/NativeRetrieval.Core/Cpu/Attention.cs
#include "common/attention_tiles.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"
#include "common/dropout.cuh"
#include "common/sentences.cuh"
#include "common/long_attention.cuh"

// The lane's weights that stay, a bit each: bit 2n + e of word 0 for row g, of word 1 for row g + 8.
NR_DEVICE void draw_mask(const dropout& rule, int head, int first_query, int tiles, int tokens, unsigned (&kept)[2])
{
    const int g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3;
    kept[0] = kept[1] = 0xffffffffu;
    if (rule.threshold == 0) return;
#pragma unroll 1
    for (int half = 0; half < 2; half++)
    {
        const philox_word row = rule.source.first + ((philox_word)head * tokens + first_query + g + half * 8) * tokens + 2 * t;
        unsigned gone = 0;
#pragma unroll 2
        for (int n = 0; n < tiles; n++)
        {
            // Two neighbours, mostly of one block of numbers.
            const philox_word number = row + n * 8;
            const unsigned place = (unsigned)number & 3;
            const uint4 block = philox_block(rule.source, number / 4);
            const unsigned first = place == 0 ? block.x : place == 1 ? block.y : place == 2 ? block.z : block.w;
            const unsigned second = place == 0 ? block.y : place == 1 ? block.z : place == 2 ? block.w
                : philox_block(rule.source, number / 4 + 1).x;
            const unsigned dropped = (first >> 8 < rule.threshold ? 1u : 0u) | (second >> 8 < rule.threshold ? 2u : 0u);
            gone |= dropped << (2 * n);
        }
        (half == 0 ? kept[0] : kept[1]) = ~gone;
    }
}

NR_DEVICE float dropped(float value, unsigned kept, int bit, float keep) { return kept >> bit & 1 ? value * keep : 0.0f; }

template <class T>
NR_DEVICE void forward(
    const T* __restrict__ qkv, const int* __restrict__ starts, int* fault, float scale, const dropout& rule, int exact,
    T* __restrict__ y, int sentences, int rows, int tokens, int heads, int width)
{
    NR_DYNAMIC_SHARED(float, tiles);
    const int warp = threadIdx.x >> 5, head = blockIdx.x, sentence = head / heads;
    const int stride = (width + 7) / 8 * 8 + 4, tile = blockDim.x / 2 * stride;
    const span own = span_of(starts, sentence, rows, tokens, fault);
    const int padded = (own.length + Rows - 1) / Rows * Rows, first = warp * Rows;
    const size_t across = (size_t)heads * width, column = (size_t)(head % heads) * width;
    float *const q = tiles, *const k = q + tile, *const v = k + tile;

    clear_rest(starts, sentence, own, sentences, rows, width, y + column, across);
    const T* const source = qkv + own.first * 3 * across + column;
    load_tile(source, 3 * across, own.length, padded, width, stride, q);
    load_tile(source + across, 3 * across, own.length, padded, width, stride, k);
    load_tile(source + 2 * across, 3 * across, own.length, padded, width, stride, v);
    finish_loading();
    if (first >= own.length) return;

    float weights[MostTiles][4];
    unsigned kept[2];
    float* const mine = q + first * stride; // this warp's alone, and free once the scores are there
    rows_by_rows<T>(exact, mine, k, stride, padded / 8, weights);
    soft_max(weights, padded / 8, own.length, scale);
    draw_mask(rule, head, first, padded / 8, tokens, kept);
#pragma unroll
    for (int n = 0; n < MostTiles; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) weights[n][e] = dropped(weights[n][e], kept[e / 2], 2 * n + e % 2, rule.scale);
    __syncwarp();
    weighted_rows<T>(exact, weights, v, stride, padded / 8, mine);
    __syncwarp();
    store_tile(mine, min((int)Rows, own.length - first), width, stride, y + (own.first + first) * across + column, across);
}

template <class T>
NR_DEVICE void backward(
    const T* __restrict__ dy, const T* __restrict__ qkv, const int* __restrict__ starts, float scale, const dropout& rule,
    int exact, T* __restrict__ dqkv, int sentences, int rows, int tokens, int heads, int width)
{
    NR_DYNAMIC_SHARED(float, tiles);
    const int warp = threadIdx.x >> 5, head = blockIdx.x, sentence = head / heads;
    const int most = blockDim.x / 2, stride = (width + 7) / 8 * 8 + 4, tile = most * stride, square_stride = most + 4;
    const span own = span_of(starts, sentence, rows, tokens, nullptr);
    const int padded = (own.length + Rows - 1) / Rows * Rows, first = warp * Rows, count = min((int)Rows, own.length - first);
    const size_t across = (size_t)heads * width, column = (size_t)(head % heads) * width;
    float *const q = tiles, *const k = q + tile, *const v = k + tile, *const g = v + tile, *const square = g + tile;
    const bool active = first < own.length;

    for (int part = 0; part < 3; part++)
        clear_rest(starts, sentence, own, sentences, rows, width, dqkv + part * across + column, 3 * across);
    const T* const source = qkv + own.first * 3 * across + column;
    load_tile(source, 3 * across, own.length, padded, width, stride, q);
    load_tile(source + across, 3 * across, own.length, padded, width, stride, k);
    load_tile(source + 2 * across, 3 * across, own.length, padded, width, stride, v);
    load_tile(dy + own.first * across + column, across, own.length, padded, width, stride, g);
    finish_loading();

    float weights[MostTiles][4], slopes[MostTiles][4];
    T* const target = dqkv + (own.first + first) * 3 * across + column;
    float* const mine = v + first * stride; // results on their way out, once nobody needs v
    if (active)
    {
        unsigned kept[2];
        rows_by_rows<T>(exact, q + first * stride, k, stride, padded / 8, weights);
        soft_max(weights, padded / 8, own.length, scale);
        rows_by_rows<T>(exact, g + first * stride, v, stride, padded / 8, slopes);
        draw_mask(rule, head, first, padded / 8, tokens, kept);
#pragma unroll
        for (int half = 0; half < 4; half += 2)
        {
            float along = 0.0f;
#pragma unroll
            for (int n = 0; n < MostTiles; n++)
#pragma unroll
                for (int e = 0; e < 2; e++)
                {
                    slopes[n][half + e] = dropped(slopes[n][half + e], kept[half / 2], 2 * n + e, rule.scale);
                    along += slopes[n][half + e] * weights[n][half + e];
                }
            along = quad_sum(along);
#pragma unroll
            for (int n = 0; n < MostTiles; n++)
#pragma unroll
                for (int e = 0; e < 2; e++)
                {
                    slopes[n][half + e] = (slopes[n][half + e] - along) * weights[n][half + e] * scale;
                    weights[n][half + e] = dropped(weights[n][half + e], kept[half / 2], 2 * n + e, rule.scale);
                }
        }
        put_rows(slopes, padded / 8, square_stride, square + first * square_stride);
    }
    __syncthreads();
    if (active)
    {
        weighted_rows<T>(exact, slopes, k, stride, padded / 8, mine);
        __syncwarp();
        store_tile(mine, count, width, stride, target, 3 * across);
        __syncwarp();
        weighted_queries<T>(exact, square + first, square_stride, q, stride, padded, mine);
        __syncwarp();
        store_tile(mine, count, width, stride, target + across, 3 * across);
    }
    __syncthreads();
    if (active) put_rows(weights, padded / 8, square_stride, square + first * square_stride);
    __syncthreads();
    if (active)
    {
        weighted_queries<T>(exact, square + first, square_stride, g, stride, padded, mine);
        __syncwarp();
        store_tile(mine, count, width, stride, target + 2 * across, 3 * across);
    }
}

#define ENTRY_POINTS(T)                                                                                                         \
    extern "C" __global__ void __launch_bounds__(256, 1) attention_forward_##T(                                                 \
        const T* __restrict__ qkv, const int* __restrict__ starts, int* fault, float scale, unsigned threshold, float keep,     \
        NR_PHILOX_PARAMETERS, int exact, T* __restrict__ y,                                                                     \
        int sentences, int rows, int tokens, int heads, int width)                                                              \
    {                                                                                                                           \
        const dropout rule { threshold, keep, NR_PHILOX_OF_ITEMS };                                                             \
        forward(qkv, starts, fault, scale, rule, exact, y, sentences, rows, tokens, heads, width);                              \
    }                                                                                                                           \
    extern "C" __global__ void __launch_bounds__(256, 1) attention_backward_##T(                                                \
        const T* __restrict__ dy, const T* __restrict__ qkv, const int* __restrict__ starts, float scale, unsigned threshold,   \
        float keep, NR_PHILOX_PARAMETERS, int exact,                                                                            \
        T* __restrict__ dqkv, int sentences, int rows, int tokens, int heads, int width)                                        \
    {                                                                                                                           \
        const dropout rule { threshold, keep, NR_PHILOX_OF_ITEMS };                                                             \
        backward(dy, qkv, starts, scale, rule, exact, dqkv, sentences, rows, tokens, heads, width);                             \
    }                                                                                                                           \
    extern "C" __global__ void __launch_bounds__(256) attention_long_forward_##T(                                               \
        const T* __restrict__ qkv, const int* __restrict__ starts, int* fault, float scale, unsigned threshold, float keep,     \
        NR_PHILOX_PARAMETERS, T* __restrict__ y, int sentences,                                                                 \
        int rows, int tokens, int heads, int width)                                                                             \
    {                                                                                                                           \
        const dropout rule { threshold, keep, NR_PHILOX_OF_ITEMS };                                                             \
        long_forward(qkv, starts, fault, scale, rule, y, sentences, rows, tokens, heads, width);                                \
    }                                                                                                                           \
    extern "C" __global__ void __launch_bounds__(256) attention_long_queries_##T(                                               \
        const T* __restrict__ dy, const T* __restrict__ qkv, const int* __restrict__ starts, float scale, unsigned threshold,   \
        float keep, NR_PHILOX_PARAMETERS, T* __restrict__ dqkv,                                                                 \
        float* __restrict__ ds, float* __restrict__ shares, int sentences, int rows, int tokens, int heads, int width)          \
    {                                                                                                                           \
        const dropout rule { threshold, keep, NR_PHILOX_OF_ITEMS };                                                             \
        long_queries(dy, qkv, starts, scale, rule, dqkv, ds, shares, sentences, rows, tokens, heads, width);                    \
    }                                                                                                                           \
    extern "C" __global__ void __launch_bounds__(256) attention_long_keys_##T(                                                  \
        const T* __restrict__ dy, const T* __restrict__ qkv, const int* __restrict__ starts, const float* __restrict__ ds,      \
        const float* __restrict__ shares, T* __restrict__ dqkv, int sentences, int rows, int tokens, int heads, int width)      \
    {                                                                                                                           \
        long_keys(dy, qkv, starts, ds, shares, dqkv, sentences, rows, tokens, heads, width);                                    \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
