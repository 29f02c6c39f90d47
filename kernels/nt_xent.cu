// sᵢⱼ = cos(aᵢ, tⱼ)/τ; over rows Lᵢ = w·(log Σⱼ e^sᵢⱼ − mean of sᵢⱼ over the positives j of i), the same over columns; L = Σ Lᵢ of both
// Gᵢⱼ = w·(softmax over row i + softmax over column j − [j positive of i]·(1/|Pᵢ| + 1/|Pⱼ|))/τ;
// dâᵢ = Σⱼ Gᵢⱼ·t̂ⱼ, da = (dâ − (dâ·â)·â)/‖a‖, and the same for t
//   audio, text    [batch, width]             f32  row-major: a, t
//   inverses       [2, batch]                 f32  1/‖a‖, then 1/‖t‖; 0 for a vector shorter than 1e-12
//   strip          [rows, stride]             f32  row-major, batch ≤ stride: aᵢ·tⱼ of items first … first + rows − 1 of a with all of t;
//                                                  gradient makes it gᵢⱼ = Gᵢⱼ/(‖aᵢ‖‖tⱼ‖)
//   clips, texts   [batch]                    i32  equal numbers are of one clip, have one text
//   row_parts      [⌈batch / 128⌉, rows, 4]   f32  a soft-max (common/soft_max_part.cuh) over a tile's part of a row; or null
//   column_parts   [⌈rows / 64⌉, batch, 4]    f32  over a tile's part of a column
//   states         [2, batch, 4]              f32  over all of a row; over a column so far
//   row_along      [⌈batch / 128⌉, rows]      f32  Σ gᵢⱼ·(aᵢ·tⱼ) over a tile's part of a row
//   column_along   [⌈rows / 32⌉, batch]       f32  over a tile's part of a column
//   loss           [1]                        f32  L
//   d_audio, d_text  [batch, width]           f32  row-major
//   kind: 0 paper (j = i), 1 clip, 2 same text (clip or text), 3 dropped (those of 2 but i leave both sums)
// method    Order of launches: for each strip of rows scores and merge; then loss alone, or for each strip (its scores again, unless it is
//           the only one) gradient and products. scores multiplies, and takes the vectors' lengths and a tile's parts of both soft-maxes
//           from operands and result; merge joins the parts, and those of columns with the strips before; gradient makes g of the strip;
//           products gives g·t and gᵀ·a, and takes off the gradients' parts along the vectors, (dâ·â)·â/‖a‖ = aᵢ·Σⱼ gᵢⱼ·(aᵢ·tⱼ)/‖aᵢ‖².
//           A batch that is one strip takes four launches with gradients.
// mapping   scores, products: a block of 8 warps per 64 rows and 128 columns (common/block_product.cuh); products: z = 0 for d_audio, 1 for
//           d_text; merge: a block of 8 warps per 32 rows, then per 32 columns, warps over parts; gradient: a block of 8 warps per 32 rows
//           and 128 columns, 4 rows a warp, 4 columns a lane, blocks behind the last rows for the loss; loss: one block of 8 warps
// shared    scores, products dynamic: ProductShared; static: scores 9 KiB, products 512 bytes, merge, gradient 4 KiB, loss 32 bytes
// numerics  f32, products as three TF32 ones (common/tensor_core.cuh); each soft-max is kept as the largest score and the sum against it,
//           so that no exponential overflows; parts are joined in a fixed order
// limits    batch at least 1, any number of strips, rows · stride · 4 bytes of addresses; a vector shorter than 1e-12 has cosine 0 with
//           everything and no gradient; needs sm_80
// reference src/NativeRetrieval.Core/Cpu/NtXent.cs
#include "common/block_product.cuh"
#include "common/reduce.cuh"
#include "common/shared.cuh"
#include "common/soft_max_part.cuh"

enum { Paper, Clip, SameText, Dropped };

constexpr int Tiles = 2, Warps = 8;
constexpr int GradientRows = 32, GradientColumns = 128, RowsOfWarp = GradientRows / Warps, ColumnsOfLane = GradientColumns / 32;

NR_DEVICE bool related(const int* __restrict__ clips, const int* __restrict__ texts, int kind, int i, int j)
{
    return clips[i] == clips[j] || (kind != Clip && texts[i] == texts[j]);
}

NR_DEVICE bool is_positive(const int* __restrict__ clips, const int* __restrict__ texts, int kind, int i, int j)
{
    return i == j || ((kind == Clip || kind == SameText) && related(clips, texts, kind, i, j));
}

NR_DEVICE bool is_dropped(const int* __restrict__ clips, const int* __restrict__ texts, int kind, int i, int j)
{
    return kind == Dropped && i != j && related(clips, texts, kind, i, j);
}

// 1/‖x‖ of the squares that the four lanes of a row have summed.
NR_DEVICE float inverse_length(float squares)
{
    squares += __shfl_xor_sync(0xffffffffu, squares, 1);
    squares += __shfl_xor_sync(0xffffffffu, squares, 2);
    const float length = sqrtf(squares);
    return length < 1e-12f ? 0.0f : 1.0f / length;
}

extern "C" __global__ void __launch_bounds__(ProductThreads<Tiles>, 2) nt_xent_scores_f32(
    const float* __restrict__ audio, const float* __restrict__ text, const int* __restrict__ clips, const int* __restrict__ texts,
    int kind, float inverse_temperature, int first, int rows, int stride, float* __restrict__ strip, float* __restrict__ inverses,
    float4* __restrict__ row_parts, float4* __restrict__ column_parts, int batch, int width)
{
    NR_DYNAMIC_SHARED(float, slices);
    __shared__ float row_inverses[ProductRows], column_inverses[ProductColumns];
    __shared__ float4 row_tiles[4][ProductRows], column_tiles[2][ProductColumns];
    const int g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3, row0 = blockIdx.y * ProductRows, column0 = blockIdx.x * ProductColumns;
    const int own_row = warp_row(), own_column = warp_column();
    const product_operand<false> a { audio + (size_t)first * width, (size_t)width, rows, width }, b { text, (size_t)width, batch, width };

    float sums[Tiles][4][4], left_squares[2][2] = {}, right_squares[4] = {};
    block_product<true, Tiles>(a, b, row0, column0, slices, sums, [&](const float (&x)[Tiles][4], const float (&y)[4][2])
    {
        if (own_column == 0)
#pragma unroll
            for (int m = 0; m < 2; m++)
#pragma unroll
                for (int i = 0; i < 4; i++) left_squares[m][i % 2] += x[m][i] * x[m][i];
        if (own_row == 0)
#pragma unroll
            for (int n = 0; n < 4; n++) right_squares[n] += y[n][0] * y[n][0] + y[n][1] * y[n][1];
    });

#pragma unroll
    for (int m = 0; m < 2; m++)
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            const int row = row0 + own_row + 16 * m + 8 * half + g;
#pragma unroll
            for (int n = 0; n < 4; n++)
            {
                const int column = column0 + own_column + 8 * n + 2 * t;
                // The stride is even: a pair that begins in the strip ends in it.
                if (row < rows && column < batch)
                    *(float2*)(strip + (size_t)row * stride + column) = make_float2(sums[m][n][2 * half], sums[m][n][2 * half + 1]);
            }
        }
    if (!row_parts) return;

    if (own_column == 0)
#pragma unroll
        for (int m = 0; m < 2; m++)
#pragma unroll
            for (int half = 0; half < 2; half++)
            {
                const float inverse = inverse_length(left_squares[m][half]);
                const int row = own_row + 16 * m + 8 * half + g;
                if (t != 0) continue;
                row_inverses[row] = inverse;
                if (blockIdx.x == 0 && row0 + row < rows) inverses[first + row0 + row] = inverse;
            }
    if (own_row == 0)
#pragma unroll
        for (int n = 0; n < 4; n++)
        {
            const float inverse = inverse_length(right_squares[n]);
            const int column = own_column + 8 * n + g;
            if (t != 0) continue;
            column_inverses[column] = inverse;
            if (blockIdx.y == 0 && column0 + column < batch) inverses[batch + column0 + column] = inverse;
        }
    __syncthreads();

    // Bit 8r + 2n + e of a score: r = 2m + half of its row, column 8n + 2t + e.
    unsigned included = 0, positive = 0;
    float scores[4][8];
#pragma unroll
    for (int r = 0; r < 4; r++)
#pragma unroll
        for (int c = 0; c < 8; c++)
        {
            const int row = own_row + 8 * r + g, column = own_column + c / 2 * 8 + 2 * t + c % 2;
            const int i = first + row0 + row, j = column0 + column;
            scores[r][c] = sums[r / 2][c / 2][r % 2 * 2 + c % 2] * (inverse_temperature * row_inverses[row]) * column_inverses[column];
            if (row0 + row >= rows || j >= batch) continue;
            const unsigned bit = 1u << (8 * r + c);
            if (!is_dropped(clips, texts, kind, i, j)) included |= bit;
            if (is_positive(clips, texts, kind, i, j)) positive |= bit;
        }
#pragma unroll
    for (int r = 0; r < 4; r++)
    {
        const part all = part_of(scores[r], included >> (8 * r), positive >> (8 * r), 1, 2);
        if (t == 0) store_part(&row_tiles[own_column / 32][own_row + 8 * r + g], all);
    }
#pragma unroll
    for (int c = 0; c < 8; c++)
    {
        const float column[4] = { scores[0][c], scores[1][c], scores[2][c], scores[3][c] };
        unsigned in = 0, match = 0;
#pragma unroll
        for (int r = 0; r < 4; r++)
        {
            in |= (included >> (8 * r + c) & 1) << r;
            match |= (positive >> (8 * r + c) & 1) << r;
        }
        const part all = part_of(column, in, match, 4, 16);
        if (g == 0) store_part(&column_tiles[own_row / 32][own_column + c / 2 * 8 + 2 * t + c % 2], all);
    }
    __syncthreads();
    if (threadIdx.x < ProductRows)
    {
        const int row = threadIdx.x;
        part all = load_part(&row_tiles[0][row]);
        for (int k = 1; k < 4; k++) all = joined(all, load_part(&row_tiles[k][row]));
        if (row0 + row < rows) store_part(row_parts + (size_t)blockIdx.x * rows + row0 + row, all);
    }
    else if (threadIdx.x < ProductRows + ProductColumns)
    {
        const int column = threadIdx.x - ProductRows;
        const part all = joined(load_part(&column_tiles[0][column]), load_part(&column_tiles[1][column]));
        if (column0 + column < batch) store_part(column_parts + (size_t)blockIdx.y * batch + column0 + column, all);
    }
}

// first 0 begins the columns' soft-max, others go on with it.
extern "C" __global__ void __launch_bounds__(Warps * 32) nt_xent_merge_f32(
    const float4* __restrict__ row_parts, const float4* __restrict__ column_parts, int first, int rows, float4* __restrict__ states,
    int batch)
{
    __shared__ float4 parts_of_warps[Warps][32];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, row_blocks = (rows + 31) / 32;
    const bool is_row = (int)blockIdx.x < row_blocks;
    const float4* const parts = is_row ? row_parts : column_parts;
    const int items = is_row ? rows : batch, item = ((int)blockIdx.x - (is_row ? 0 : row_blocks)) * 32 + lane;
    const int count = is_row ? (batch + ProductColumns - 1) / ProductColumns : (rows + ProductRows - 1) / ProductRows;
    part all = no_part();
    if (item < items)
        for (int k = warp; k < count; k += Warps) all = joined(all, load_part(parts + (size_t)k * items + item));
    store_part(&parts_of_warps[warp][lane], all);
    __syncthreads();
    if (warp != 0 || item >= items) return;
    float4* const state = states + (is_row ? first : batch) + item;
    all = is_row || first == 0 ? no_part() : load_part(state);
    for (int w = 0; w < Warps; w++) all = joined(all, load_part(&parts_of_warps[w][lane]));
    store_part(state, all);
}

// By one block.
NR_DEVICE void sum_loss(const float4* __restrict__ states, float weight, float* __restrict__ loss, int batch)
{
    __shared__ float partial[Warps];
    float total = 0.0f;
    for (int k = threadIdx.x; k < 2 * batch; k += Warps * 32)
    {
        const part own = load_part(states + k);
        total += weight * (log_sum(own) - own.match / own.count);
    }
    total = block_sum(total, partial);
    if (threadIdx.x == 0) loss[0] = total;
}

extern "C" __global__ void __launch_bounds__(Warps * 32) nt_xent_loss_f32(
    const float4* __restrict__ states, float weight, float* __restrict__ loss, int batch)
{
    sum_loss(states, weight, loss, batch);
}

// loss: null but for the first strip.
extern "C" __global__ void __launch_bounds__(Warps * 32) nt_xent_gradient_f32(
    float* __restrict__ strip, const float* __restrict__ inverses, const float4* __restrict__ states, const int* __restrict__ clips,
    const int* __restrict__ texts, int kind, float inverse_temperature, float weight, int first, int rows, int stride,
    float* __restrict__ row_along, float* __restrict__ column_along, float* __restrict__ loss, int batch)
{
    __shared__ float along[Warps][GradientColumns];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    if ((int)blockIdx.y * GradientRows >= rows)
    {
        if (loss && blockIdx.x == 0) sum_loss(states, weight, loss, batch);
        return;
    }
    const int row0 = blockIdx.y * GradientRows + warp * RowsOfWarp, column0 = blockIdx.x * GradientColumns;
    float along_row[RowsOfWarp] = {};
#pragma unroll
    for (int c = 0; c < ColumnsOfLane; c++)
    {
        const int j = column0 + 32 * c + lane;
        float along_column = 0.0f;
        if (j < batch)
        {
            const part column = load_part(states + batch + j);
            const float column_sum = log_sum(column), share = 1.0f / column.count, inverse = inverses[batch + j];
#pragma unroll
            for (int r = 0; r < RowsOfWarp; r++)
            {
                const int row = row0 + r, i = first + row;
                if (row >= rows) continue;
                float* const cell = strip + (size_t)row * stride + j;
                const part own = load_part(states + i);
                const float dot = *cell, scale = inverse_temperature * inverses[i] * inverse;
                float gradient = 0.0f;
                if (!is_dropped(clips, texts, kind, i, j))
                {
                    const float target = is_positive(clips, texts, kind, i, j) ? 1.0f / own.count + share : 0.0f;
                    gradient = weight * (expf(dot * scale - log_sum(own)) + expf(dot * scale - column_sum) - target) * scale;
                }
                *cell = gradient;
                along_row[r] += gradient * dot;
                along_column += gradient * dot;
            }
        }
        along[warp][32 * c + lane] = along_column;
    }
#pragma unroll
    for (int r = 0; r < RowsOfWarp; r++)
    {
        along_row[r] = warp_sum(along_row[r]);
        if (lane == 0 && row0 + r < rows) row_along[(size_t)blockIdx.x * rows + row0 + r] = along_row[r];
    }
    __syncthreads();
    const int column = threadIdx.x;
    if (column >= GradientColumns || column0 + column >= batch) return;
    float total = 0.0f;
#pragma unroll
    for (int w = 0; w < Warps; w++) total += along[w][column];
    column_along[(size_t)blockIdx.y * batch + column0 + column] = total;
}

// dx[item, d] = Σₖ g[item, k]·y[k, d] − x[item, d]·along[item], added to what is there where `adds` is set.
template <bool Turned>
NR_DEVICE void gradients(const product_operand<Turned>& g, const float* __restrict__ y, const float* __restrict__ x,
    const float* __restrict__ inverses, const float* __restrict__ along, int parts, bool adds, float* __restrict__ dx, int width)
{
    NR_DYNAMIC_SHARED(float, slices);
    __shared__ float along_items[ProductRows];
    const int row0 = blockIdx.y * ProductRows, column0 = blockIdx.x * ProductColumns, own = row0 + threadIdx.x;
    if (row0 >= g.outers) return;
    if (threadIdx.x < ProductRows)
    {
        float sum = 0.0f;
        if (own < g.outers)
            for (int k = 0; k < parts; k++) sum += along[(size_t)k * g.outers + own];
        along_items[threadIdx.x] = own < g.outers ? sum * inverses[own] * inverses[own] : 0.0f;
    }
    float sums[Tiles][4][4];
    const product_operand<true> right { y, (size_t)width, width, g.inners };
    block_product<true, Tiles>(g, right, row0, column0, slices, sums, [](const float (&)[Tiles][4], const float (&)[4][2]) {});
    const int lane_row = (threadIdx.x & 31) >> 2, lane_column = 2 * (threadIdx.x & 3);
    const bool pairs = width % 2 == 0 && is_aligned(x) && is_aligned(dx);
#pragma unroll
    for (int m = 0; m < 2; m++)
#pragma unroll
        for (int half = 0; half < 2; half++)
        {
            const int place = warp_row() + 16 * m + 8 * half + lane_row, item = row0 + place;
            if (item >= g.outers) continue;
#pragma unroll
            for (int n = 0; n < 4; n++)
            {
                const int d = column0 + warp_column() + 8 * n + lane_column;
                const size_t at = (size_t)item * width + d;
                if (pairs && d < width)
                {
                    const float2 vector = *(const float2*)(x + at), before = adds ? *(const float2*)(dx + at) : make_float2(0.0f, 0.0f);
                    *(float2*)(dx + at) = make_float2(before.x + (sums[m][n][2 * half] - along_items[place] * vector.x),
                        before.y + (sums[m][n][2 * half + 1] - along_items[place] * vector.y));
                }
                else
                    for (int e = 0; e < 2; e++)
                        if (d + e < width)
                            dx[at + e] = (adds ? dx[at + e] : 0.0f) + (sums[m][n][2 * half + e] - along_items[place] * x[at + e]);
            }
        }
}

extern "C" __global__ void __launch_bounds__(ProductThreads<Tiles>, 2) nt_xent_products_f32(
    const float* __restrict__ strip, const float* __restrict__ audio, const float* __restrict__ text, const float* __restrict__ inverses,
    const float* __restrict__ row_along, const float* __restrict__ column_along, int first, int rows, int stride,
    float* __restrict__ d_audio, float* __restrict__ d_text, int batch, int width)
{
    const size_t offset = (size_t)first * width;
    if (blockIdx.z == 0)
        gradients<false>({ strip, (size_t)stride, rows, batch }, text, audio + offset, inverses + first, row_along,
            (batch + GradientColumns - 1) / GradientColumns, false, d_audio + offset, width);
    else
        gradients<true>({ strip, (size_t)stride, batch, rows }, audio + offset, text, inverses + batch, column_along,
            (rows + GradientRows - 1) / GradientRows, first > 0, d_text, width);
}
