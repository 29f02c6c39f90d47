// sᵢⱼ = cos(aᵢ, tⱼ)/τ; over rows Lᵢ = w·(log Σⱼ e^sᵢⱼ − mean of sᵢⱼ over the positives j of i), the same over columns; L = Σ Lᵢ of both
// Gᵢⱼ = w·(softmax over row i + softmax over column j − [j positive of i]·(1/|Pᵢ| + 1/|Pⱼ|))/τ;
// dâᵢ = Σⱼ Gᵢⱼ·t̂ⱼ, da = (dâ − (dâ·â)·â)/‖a‖, and the same for t
//   x                [batch, width]  f32  row-major: a or t
//   unit             [batch, width]  f32  row-major: x/‖x‖
//   norms            [batch]         f32  ‖x‖
//   dx               [batch, width]  f32  row-major: before finish, the gradient of unit
//   strip            [rows, batch]   f32  row-major: cosines of items first … first + rows − 1 of a with all of t; then their gradient
//   clips            [batch]         i32  equal numbers are of one clip
//   texts            [batch]         i32  equal numbers have one text
//   log_sums         [batch]         f32  log Σ e^s of a row
//   column_log_sums  [batch]         f32  log Σ e^s of a column
//   positives        [batch]         i32  |Pᵢ|
//   losses           [batch]         f32  Lᵢ over rows
//   largest          [batch]         f32  largest score of a column so far
//   sums             [batch]         f32  Σ e^(s − largest) of a column so far
//   matches          [batch]         f32  sum of the positives' scores of a column so far
//   loss             [1]             f32  L
//   kind: 0 paper (j = i), 1 clip, 2 same text (clip or text), 3 dropped (those of 2 but i leave both sums)
// method    The B × B scores are never held at once. Strips of rows are made by a product of matrices, which is the library's and not here;
//           rows finishes its strip's soft-max over rows, columns carries a running one over all strips, loss closes it. The second walk
//           makes the cosines again, turns them into G in place, and two more products give the gradients of the unit vectors. Order of
//           launches: normalize a, normalize t; for each strip rows and columns; loss; for each strip gradient; finish da, finish dt.
// mapping   normalize, rows, finish: one block per item, any multiple of 32 threads up to 1024;
//           columns: one block of 16 warps per 32 columns, lanes over columns, warps over rows;
//           gradient: blocks of x and their threads cover the columns, blockIdx.y strides over rows; loss: one block of up to 1024 threads
// shared    normalize, rows, finish, loss dynamic: blockDim.x / 32 floats; columns static: 6 KiB
// numerics  f32; each soft-max is kept as the largest score so far and the sum against it, so that no exponential overflows;
//           parts are merged in a fixed order
// limits    batch at least 1, any number of strips; a vector shorter than 1e-12 has cosine 0 with everything and no gradient
// reference src/NativeRetrieval.Core/Cpu/NtXent.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"

enum { Paper, Clip, SameText, Dropped };

constexpr int ColumnWarps = 16;

// A soft-max so far: the largest score, and the sum of exponentials against it.
struct running
{
    float largest = __int_as_float(0xff800000), sum = 0.0f;
};

NR_DEVICE void add(running& all, float s)
{
    if (s > all.largest)
    {
        all.sum = all.sum * expf(all.largest - s) + 1.0f;
        all.largest = s;
    }
    else all.sum += expf(s - all.largest);
}

// The sum of a part against a score that is at least the part's largest; a part without scores adds 0.
NR_DEVICE float sum_against(running part, float largest) { return part.sum == 0.0f ? 0.0f : part.sum * expf(part.largest - largest); }

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

extern "C" __global__ void __launch_bounds__(1024) nt_xent_normalize_f32(
    const float* __restrict__ x, float* __restrict__ unit, float* __restrict__ norms, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    float squares = 0.0f;
    for (int d = threadIdx.x; d < width; d += blockDim.x) squares += x[first + d] * x[first + d];
    const float norm = sqrtf(block_sum(squares, partial)), inverse = norm < 1e-12f ? 0.0f : 1.0f / norm;
    for (int d = threadIdx.x; d < width; d += blockDim.x) unit[first + d] = x[first + d] * inverse;
    if (threadIdx.x == 0) norms[blockIdx.x] = norm;
}

extern "C" __global__ void __launch_bounds__(1024) nt_xent_rows_f32(
    const float* __restrict__ strip, const int* __restrict__ clips, const int* __restrict__ texts, int kind, float inverse_temperature,
    float weight, int first, float* __restrict__ log_sums, int* __restrict__ positives, float* __restrict__ losses, int batch)
{
    NR_DYNAMIC_SHARED(float, partial);
    const int i = first + blockIdx.x;
    const float* const cosines = strip + (size_t)blockIdx.x * batch;
    running all;
    float match = 0.0f, count = 0.0f;
    for (int j = threadIdx.x; j < batch; j += blockDim.x)
    {
        if (is_dropped(clips, texts, kind, i, j)) continue;
        const float s = cosines[j] * inverse_temperature;
        add(all, s);
        if (!is_positive(clips, texts, kind, i, j)) continue;
        match += s;
        count += 1.0f;
    }
    const float largest = block_max(all.largest, partial), sum = block_sum(sum_against(all, largest), partial);
    match = block_sum(match, partial);
    count = block_sum(count, partial);
    if (threadIdx.x != 0) return;
    const float log_sum = largest + logf(sum);
    log_sums[i] = log_sum;
    positives[i] = (int)count;
    losses[i] = weight * (log_sum - match / count);
}

// first 0 begins the columns' soft-max, others go on with it.
extern "C" __global__ void __launch_bounds__(ColumnWarps * 32) nt_xent_columns_f32(
    const float* __restrict__ strip, const int* __restrict__ clips, const int* __restrict__ texts, int kind, float inverse_temperature,
    int first, int rows, float* __restrict__ largest, float* __restrict__ sums, float* __restrict__ matches, int batch)
{
    __shared__ float part_largest[ColumnWarps][32], part_sums[ColumnWarps][32], part_matches[ColumnWarps][32];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, j = blockIdx.x * 32 + lane;
    running all;
    float match = 0.0f;
    if (j < batch)
        for (int row = warp; row < rows; row += ColumnWarps)
        {
            const int i = first + row;
            if (is_dropped(clips, texts, kind, i, j)) continue;
            const float s = strip[(size_t)row * batch + j] * inverse_temperature;
            add(all, s);
            if (is_positive(clips, texts, kind, i, j)) match += s;
        }
    part_largest[warp][lane] = all.largest;
    part_sums[warp][lane] = all.sum;
    part_matches[warp][lane] = match;
    __syncthreads();
    if (warp != 0 || j >= batch) return;
    running before;
    if (first > 0)
    {
        before.largest = largest[j];
        before.sum = sums[j];
    }
    float most = before.largest;
    for (int w = 0; w < ColumnWarps; w++) most = fmaxf(most, part_largest[w][lane]);
    float sum = sum_against(before, most);
    match = first > 0 ? matches[j] : 0.0f;
    for (int w = 0; w < ColumnWarps; w++)
    {
        running part;
        part.largest = part_largest[w][lane];
        part.sum = part_sums[w][lane];
        sum += sum_against(part, most);
        match += part_matches[w][lane];
    }
    largest[j] = most;
    sums[j] = sum;
    matches[j] = match;
}

// An item has as many positives among the columns as among the rows: the relation is symmetric.
extern "C" __global__ void __launch_bounds__(1024) nt_xent_loss_f32(
    const float* __restrict__ row_losses, const float* __restrict__ largest, const float* __restrict__ sums,
    const float* __restrict__ matches, const int* __restrict__ positives, float weight,
    float* __restrict__ column_log_sums, float* __restrict__ loss, int batch)
{
    NR_DYNAMIC_SHARED(float, partial);
    float total = 0.0f;
    for (int j = threadIdx.x; j < batch; j += blockDim.x)
    {
        const float log_sum = largest[j] + logf(sums[j]);
        column_log_sums[j] = log_sum;
        total += row_losses[j] + weight * (log_sum - matches[j] / positives[j]);
    }
    total = block_sum(total, partial);
    if (threadIdx.x == 0) loss[0] = total;
}

extern "C" __global__ void __launch_bounds__(256) nt_xent_gradient_f32(
    float* __restrict__ strip, const float* __restrict__ row_log_sums, const float* __restrict__ column_log_sums,
    const int* __restrict__ positives, const int* __restrict__ clips, const int* __restrict__ texts, int kind, float inverse_temperature,
    float weight, int first, int rows, int batch)
{
    const int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (j >= batch) return;
    for (int row = blockIdx.y; row < rows; row += gridDim.y)
    {
        const int i = first + row;
        float* const cell = strip + (size_t)row * batch + j;
        float gradient = 0.0f;
        if (!is_dropped(clips, texts, kind, i, j))
        {
            const float s = *cell * inverse_temperature;
            const float target = is_positive(clips, texts, kind, i, j) ? 1.0f / positives[i] + 1.0f / positives[j] : 0.0f;
            gradient = weight * (expf(s - row_log_sums[i]) + expf(s - column_log_sums[j]) - target) * inverse_temperature;
        }
        *cell = gradient;
    }
}

// dx holds the gradient of the unit vectors before.
extern "C" __global__ void __launch_bounds__(1024) nt_xent_finish_f32(
    const float* __restrict__ units, const float* __restrict__ norms, float* __restrict__ dx, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const float* const unit = units + (size_t)blockIdx.x * width;
    float* const direction = dx + (size_t)blockIdx.x * width;
    float along = 0.0f;
    for (int d = threadIdx.x; d < width; d += blockDim.x) along += direction[d] * unit[d];
    along = block_sum(along, partial);
    const float norm = norms[blockIdx.x], inverse = norm < 1e-12f ? 0.0f : 1.0f / norm;
    for (int d = threadIdx.x; d < width; d += blockDim.x) direction[d] = (direction[d] - along * unit[d]) * inverse;
}
