// sᵢⱼ = cos(aᵢ, tⱼ)/τ; over rows Lᵢ = w·(log Σⱼ e^sᵢⱼ − mean of sᵢⱼ over the positives j of i), the same over columns; L = Σ Lᵢ of both
// Gᵢⱼ = w·(softmax over row i + softmax over column j − [j positive of i]·(1/|Pᵢ| + 1/|Pⱼ|))/τ;
// dâᵢ = Σⱼ Gᵢⱼ·t̂ⱼ, da = (dâ − (dâ·â)·â)/‖a‖, and the same for t
//   audio, text    [batch, width]                 f32  row-major: a, t
//   inverses       [2, batch]                     f32  1/‖a‖, then 1/‖t‖; 0 for a vector shorter than 1e-12
//   parts          [2, batch, 3, width]           f32  row-major: t as hi, lo, hi (common/tf32_parts.cuh), then a as hi, hi, lo; or null
//   strip          [rows, batch]                  f32  row-major: aᵢ·tⱼ of items first … first + rows − 1 of a with all of t; gradient
//                                                      makes it gᵢⱼ = Gᵢⱼ/(‖aᵢ‖‖tⱼ‖) where there is no split_rows
//   split_rows     [rows, batch, 3]               f32  row-major: gᵢⱼ as hi, hi, lo; or null
//   split_columns  [batch, rows, 3]               f32  row-major: gᵢⱼ of a column as hi, lo, hi; columns_at floats behind split_rows
//   clips, texts   [batch]                        i32  equal numbers are of one clip, have one text
//   row_parts      [⌈batch / 128⌉, rows, 4]       f32  a soft-max over a tile's part of a row: largest score, Σ e^(s − largest), sum of the
//   column_parts   [⌈rows / 32⌉, batch, 4]        f32  positives' scores, number of positives; over a tile's part of a column
//   states         [2, batch, 4]                  f32  the same over all of a row; over a column so far
//   log_sums       [2, batch]                     f32  log Σ e^s of a row; of a column
//   shares         [2, batch]                     f32  1/|Pᵢ|, for rows and for columns
//   loss           [1]                            f32  L
//   products       [2, batch, width]              f32  row-major: g·t, then gᵀ·a
//   d_audio, d_text  [batch, width]               f32  row-major
//   kind: 0 paper (j = i), 1 clip, 2 same text (clip or text), 3 dropped (those of 2 but i leave both sums)
// method    The scores of a strip of rows are a product of matrices, which is the library's and not here. tiles reads them once, for rows
//           and columns; merge joins the tiles' parts, and those of columns with the strips before; loss closes both soft-maxes.
//           gradient makes g of the strip, two more products give those of the vectors but for their lengths. All three are float32's,
//           or TF32's of operands that the kernels here split: sums over three times as many terms, which lie beside each other, so that
//           rows of a and t may follow one another as they do in parts.
//           Order of launches: norms;
//           for each strip its product, tiles and merge; loss; for each strip its product again unless it is the only one, gradient and two
//           products; finish. A batch that is one strip takes nine; eight where operands are split, as both last products are one call.
// mapping   norms, finish: a warp per item; tiles: a block of 8 warps per 32 rows and 128 columns, 4 rows a warp, 4 columns a lane;
//           merge: a block of 8 warps per 32 rows, then per 32 columns, warps over parts; loss: one block, a multiple of 32 threads;
//           gradient: a block of 8 warps per 32 rows and 32 columns
// shared    loss dynamic: blockDim.x / 32 floats; tiles static: 16 KiB; merge static: 4 KiB; gradient static: 4224 bytes
// numerics  f32; each soft-max is kept as the largest score and the sum against it, so that no exponential overflows; parts are joined in a
//           fixed order
// limits    batch at least 1, any number of strips, rows · batch · 4 bytes of addresses; a vector shorter than 1e-12 has cosine 0 with
//           everything and no gradient
// reference src/NativeRetrieval.Core/Cpu/NtXent.cs
#include "common/reduce.cuh"
#include "common/shared.cuh"
#include "common/storage.cuh"
#include "common/tf32_parts.cuh"

enum { Paper, Clip, SameText, Dropped };

constexpr int Warps = 8, TileRows = 32, TileColumns = 128, RowsOfWarp = TileRows / Warps, ColumnsOfLane = TileColumns / 32;
constexpr int Parts = 3, GradientTile = 32;

// A soft-max over some items: the largest score, the sum of exponentials against it, the positives' scores and their number.
struct part
{
    float largest, sum, match, count;
};

NR_DEVICE part no_part() { return { __int_as_float(0xff800000), 0.0f, 0.0f, 0.0f }; }

NR_DEVICE part load_part(const float4* source)
{
    const float4 word = *source;
    return { word.x, word.y, word.z, word.w };
}

NR_DEVICE void store_part(float4* target, const part& p) { *target = make_float4(p.largest, p.sum, p.match, p.count); }

// The sum of a part against a score that is at least the part's largest; a part without scores adds 0.
NR_DEVICE float sum_against(const part& p, float largest) { return p.sum == 0.0f ? 0.0f : p.sum * expf(p.largest - largest); }

NR_DEVICE part joined(const part& a, const part& b)
{
    const float largest = fmaxf(a.largest, b.largest);
    return { largest, sum_against(a, largest) + sum_against(b, largest), a.match + b.match, a.count + b.count };
}

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

// Vectors of four in a row of so many values; 0 where rows do not begin at multiples of 16 bytes.
NR_DEVICE int vectors_of(const float* x, int width) { return width % 4 == 0 && is_aligned(x) ? width / 4 : 0; }

// x·y over a row, by a warp.
NR_DEVICE float warp_dot(const float* x, const float* y, int vectors, int width)
{
    const int lane = threadIdx.x & 31;
    float sum = 0.0f;
    for (int i = lane; i < vectors; i += 32)
    {
        const pack<float> left = load_pack(x + 4 * i), right = load_pack(y + 4 * i);
#pragma unroll
        for (int k = 0; k < 4; k++) sum += left.values[k] * right.values[k];
    }
    for (int i = 4 * vectors + lane; i < width; i += 32) sum += x[i] * y[i];
    return warp_sum(sum);
}

extern "C" __global__ void __launch_bounds__(Warps * 32) nt_xent_norms_f32(
    const float* __restrict__ audio, const float* __restrict__ text, float* __restrict__ inverses, float* __restrict__ parts, int batch,
    int width)
{
    const int item = blockIdx.x * Warps + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    if (item >= 2 * batch) return;
    const bool is_audio = item < batch;
    const int place = is_audio ? item : item - batch;
    const float* const x = (is_audio ? audio : text) + (size_t)place * width;
    float* const first = parts ? parts + (size_t)(is_audio ? batch + place : place) * Parts * width : nullptr;
    // The middle part is the high one of a and the low one of t.
    float *const second = first + width, *const third = second + width;
    const int vectors = is_aligned(parts) ? vectors_of(x, width) : 0;
    float sum = 0.0f;
    for (int i = lane; i < vectors; i += 32)
    {
        const pack<float> values = load_pack(x + 4 * i);
        pack<float> high, again, low;
#pragma unroll
        for (int k = 0; k < 4; k++)
        {
            sum += values.values[k] * values.values[k];
            const tf32_parts own = split(values.values[k]);
            high.values[k] = own.high;
            again.values[k] = own.again;
            low.values[k] = own.low;
        }
        if (!parts) continue;
        store_pack(first + 4 * i, high);
        store_pack(second + 4 * i, is_audio ? again : low);
        store_pack(third + 4 * i, is_audio ? low : again);
    }
    for (int i = 4 * vectors + lane; i < width; i += 32)
    {
        sum += x[i] * x[i];
        if (!parts) continue;
        const tf32_parts own = split(x[i]);
        first[i] = own.high;
        second[i] = is_audio ? own.again : own.low;
        third[i] = is_audio ? own.low : own.again;
    }
    const float norm = sqrtf(warp_sum(sum));
    if (lane == 0) inverses[item] = norm < 1e-12f ? 0.0f : 1.0f / norm;
}

extern "C" __global__ void __launch_bounds__(Warps * 32) nt_xent_tiles_f32(
    const float* __restrict__ strip, const float* __restrict__ inverses, const int* __restrict__ clips, const int* __restrict__ texts,
    int kind, float inverse_temperature, int first, int rows, float4* __restrict__ row_parts, float4* __restrict__ column_parts, int batch)
{
    __shared__ float4 parts_of_warps[Warps][TileColumns];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int row0 = blockIdx.y * TileRows + warp * RowsOfWarp, column0 = blockIdx.x * TileColumns + lane;
    float scores[RowsOfWarp][ColumnsOfLane];
    unsigned included = 0, positive = 0; // a bit for each score
#pragma unroll
    for (int r = 0; r < RowsOfWarp; r++)
#pragma unroll
        for (int c = 0; c < ColumnsOfLane; c++)
        {
            const int row = row0 + r, i = first + row, j = column0 + 32 * c;
            scores[r][c] = 0.0f;
            if (row >= rows || j >= batch) continue;
            scores[r][c] = strip[(size_t)row * batch + j] * (inverse_temperature * inverses[i]) * inverses[batch + j];
            const unsigned bit = 1u << (r * ColumnsOfLane + c);
            if (!is_dropped(clips, texts, kind, i, j)) included |= bit;
            if (is_positive(clips, texts, kind, i, j)) positive |= bit;
        }

    part own = no_part(); // of the lane's row
#pragma unroll
    for (int r = 0; r < RowsOfWarp; r++)
    {
        part all = no_part();
#pragma unroll
        for (int c = 0; c < ColumnsOfLane; c++)
            if (included >> (r * ColumnsOfLane + c) & 1) all.largest = fmaxf(all.largest, scores[r][c]);
        all.largest = warp_max(all.largest);
#pragma unroll
        for (int c = 0; c < ColumnsOfLane; c++)
        {
            if (included >> (r * ColumnsOfLane + c) & 1) all.sum += expf(scores[r][c] - all.largest);
            if (!(positive >> (r * ColumnsOfLane + c) & 1)) continue;
            all.match += scores[r][c];
            all.count += 1.0f;
        }
        all.sum = warp_sum(all.sum);
        all.match = warp_sum(all.match);
        all.count = warp_sum(all.count);
        if (lane == r) own = all;
    }
    if (lane < RowsOfWarp && row0 + lane < rows) store_part(row_parts + (size_t)blockIdx.x * rows + row0 + lane, own);

#pragma unroll
    for (int c = 0; c < ColumnsOfLane; c++)
    {
        part all = no_part();
#pragma unroll
        for (int r = 0; r < RowsOfWarp; r++)
            if (included >> (r * ColumnsOfLane + c) & 1) all.largest = fmaxf(all.largest, scores[r][c]);
#pragma unroll
        for (int r = 0; r < RowsOfWarp; r++)
        {
            if (included >> (r * ColumnsOfLane + c) & 1) all.sum += expf(scores[r][c] - all.largest);
            if (!(positive >> (r * ColumnsOfLane + c) & 1)) continue;
            all.match += scores[r][c];
            all.count += 1.0f;
        }
        store_part(&parts_of_warps[warp][lane + 32 * c], all);
    }
    __syncthreads();
    const int column = threadIdx.x, j = blockIdx.x * TileColumns + column;
    if (column >= TileColumns || j >= batch) return;
    part all = load_part(&parts_of_warps[0][column]);
#pragma unroll
    for (int w = 1; w < Warps; w++) all = joined(all, load_part(&parts_of_warps[w][column]));
    store_part(column_parts + (size_t)blockIdx.y * batch + j, all);
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
    const int count = is_row ? (batch + TileColumns - 1) / TileColumns : (rows + TileRows - 1) / TileRows;
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

extern "C" __global__ void __launch_bounds__(1024) nt_xent_loss_f32(
    const float4* __restrict__ states, float weight, float* __restrict__ log_sums, float* __restrict__ shares, float* __restrict__ loss,
    int batch)
{
    NR_DYNAMIC_SHARED(float, partial);
    float total = 0.0f;
    for (int k = threadIdx.x; k < 2 * batch; k += blockDim.x)
    {
        const part own = load_part(states + k);
        const float log_sum = own.largest + logf(own.sum);
        log_sums[k] = log_sum;
        shares[k] = 1.0f / own.count;
        total += weight * (log_sum - own.match / own.count);
    }
    total = block_sum(total, partial);
    if (threadIdx.x == 0) loss[0] = total;
}

// Three floats of a tile's value beside each other: hi, and as the part `low` lo, as the other one hi again.
NR_DEVICE float part_of(float value, int part, int low)
{
    const tf32_parts own = split(value);
    return part == 0 ? own.high : part == low ? own.low : own.again;
}

extern "C" __global__ void __launch_bounds__(Warps * 32) nt_xent_gradient_f32(
    float* __restrict__ strip, const float* __restrict__ inverses, const float* __restrict__ log_sums, const float* __restrict__ shares,
    const int* __restrict__ clips, const int* __restrict__ texts, int kind, float inverse_temperature, float weight, int first, int rows,
    float* __restrict__ split_rows, long long columns_at, int batch)
{
    float* const split_columns = split_rows + columns_at;
    __shared__ float tile[GradientTile][GradientTile + 1]; // a column's values lie in different banks
    const int lane = threadIdx.x & 31, row0 = blockIdx.y * GradientTile, column0 = blockIdx.x * GradientTile, j = column0 + lane;
    const float inverse = j < batch ? inverses[batch + j] : 0.0f, log_sum = j < batch ? log_sums[batch + j] : 0.0f;
    const float share = j < batch ? shares[batch + j] : 0.0f;
#pragma unroll
    for (int r = threadIdx.x >> 5; r < GradientTile; r += Warps)
    {
        const int row = row0 + r, i = first + row;
        if (row >= rows || j >= batch) continue;
        float* const cell = strip + (size_t)row * batch + j;
        const float scale = inverse_temperature * inverses[i];
        float gradient = 0.0f;
        if (!is_dropped(clips, texts, kind, i, j))
        {
            const float s = *cell * scale * inverse;
            const float target = is_positive(clips, texts, kind, i, j) ? shares[i] + share : 0.0f;
            gradient = weight * (expf(s - log_sums[i]) + expf(s - log_sum) - target) * scale * inverse;
        }
        if (split_rows) tile[r][lane] = gradient;
        else *cell = gradient;
    }
    if (!split_rows) return;
    __syncthreads();
    constexpr int Row = GradientTile * Parts;
    for (int q = threadIdx.x; q < GradientTile * Row; q += Warps * 32)
    {
        const int outer = q / Row, at = q % Row, inner = at / Parts, part = at % Parts;
        if (row0 + outer < rows && column0 + inner < batch)
            split_rows[((size_t)(row0 + outer) * batch + column0) * Parts + at] = part_of(tile[outer][inner], part, 2);
        if (column0 + outer < batch && row0 + inner < rows)
            split_columns[((size_t)(column0 + outer) * rows + row0) * Parts + at] = part_of(tile[inner][outer], part, 1);
    }
}

extern "C" __global__ void __launch_bounds__(Warps * 32) nt_xent_finish_f32(
    const float* __restrict__ audio, const float* __restrict__ text, const float* __restrict__ inverses,
    const float* __restrict__ products, float* __restrict__ d_audio, float* __restrict__ d_text, int batch, int width)
{
    const int item = blockIdx.x * Warps + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    if (item >= 2 * batch) return;
    const size_t offset = (size_t)(item < batch ? item : item - batch) * width;
    const float* const x = (item < batch ? audio : text) + offset;
    const float* const product = products + (size_t)item * width;
    float* const dx = (item < batch ? d_audio : d_text) + offset;
    const int vectors = is_aligned(dx) && is_aligned(product) ? vectors_of(x, width) : 0;
    const float inverse = inverses[item], along = warp_dot(product, x, vectors, width) * inverse * inverse;
    for (int i = lane; i < vectors; i += 32)
    {
        const pack<float> own = load_pack(x + 4 * i);
        pack<float> gradient = load_pack(product + 4 * i);
#pragma unroll
        for (int k = 0; k < 4; k++) gradient.values[k] -= along * own.values[k];
        store_pack(dx + 4 * i, gradient);
    }
    for (int i = 4 * vectors + lane; i < width; i += 32) dx[i] = product[i] - along * x[i];
}
