// sᵢⱼ = aᵢ·tⱼ/τ, rᵢⱼ the teacher's scores over τ′; over rows Lᵢ = w·(log Σⱼ e^sᵢⱼ − Σⱼ softmaxⱼ(r)·sᵢⱼ), the same over columns; L = Σ Lᵢ
// Gᵢⱼ = w·(softmax of s − softmax of r, over row i and over column j)/τ; da = G·t, dt = Gᵀ·a
//   scores     [batch, batch]  f32  row-major: aᵢ·tⱼ; gradient makes it G
//   teacher    [batch, batch]  f32  row-major: cosines
//   log_sums   [4, batch]      f32  log Σ e^s of rows, of columns; log Σ e^r of rows, of columns
//   losses     [2, batch]      f32  Lᵢ/w of rows, of columns
//   loss       [1]             f32  L
// method    The scores and both gradients of vectors are products of matrices, which are the library's and not here.
//           Order of launches: product, rows, columns, loss, gradient, two products.
// mapping   rows: a warp per row; columns: a block of 8 warps per 32 columns, a column a lane, rows over warps; loss: one block, a multiple
//           of 32 threads; gradient: blocks of x and their 256 threads cover the columns, blockIdx.y strides over rows
// shared    columns static: 5 KiB; loss dynamic: blockDim.x / 32 floats
// numerics  f32; each soft-max is kept as the largest score and the sum against it, so that no exponential overflows; parts are joined in a
//           fixed order
// limits    batch at least 1; 2 · batch² · 4 bytes of addresses
// reference src/NativeRetrieval.Core/Cpu/Distillation.cs
#include "common/reduce.cuh"
#include "common/shared.cuh"

constexpr int Warps = 8;

// Two soft-maxes over the same items: the largest score of each, its sum of exponentials against it, and the teacher's times s.
struct line
{
    float largest, sum, teachers_largest, teachers_sum, expected;
};

NR_DEVICE line no_line()
{
    const float lowest = __int_as_float(0xff800000);
    return { lowest, 0.0f, lowest, 0.0f, 0.0f };
}

NR_DEVICE line joined(const line& a, const line& b)
{
    const float largest = fmaxf(a.largest, b.largest), teachers = fmaxf(a.teachers_largest, b.teachers_largest);
    const float of_a = a.sum == 0.0f ? 0.0f : expf(a.largest - largest), of_b = b.sum == 0.0f ? 0.0f : expf(b.largest - largest);
    const float by_a = a.teachers_sum == 0.0f ? 0.0f : expf(a.teachers_largest - teachers);
    const float by_b = b.teachers_sum == 0.0f ? 0.0f : expf(b.teachers_largest - teachers);
    return { largest, a.sum * of_a + b.sum * of_b, teachers, a.teachers_sum * by_a + b.teachers_sum * by_b,
             a.expected * by_a + b.expected * by_b };
}

NR_DEVICE line with_item(const line& own, float s, float r) { return joined(own, { s, 1.0f, r, 1.0f, s }); }

NR_DEVICE line from_lane(const line& own, int step)
{
    return { __shfl_xor_sync(0xffffffffu, own.largest, step), __shfl_xor_sync(0xffffffffu, own.sum, step),
             __shfl_xor_sync(0xffffffffu, own.teachers_largest, step), __shfl_xor_sync(0xffffffffu, own.teachers_sum, step),
             __shfl_xor_sync(0xffffffffu, own.expected, step) };
}

NR_DEVICE void close(const line& own, float* __restrict__ log_sums, float* __restrict__ losses, int direction, int item, int batch)
{
    const float log_sum = own.largest + logf(own.sum);
    log_sums[direction * batch + item] = log_sum;
    log_sums[(2 + direction) * batch + item] = own.teachers_largest + logf(own.teachers_sum);
    losses[direction * batch + item] = log_sum - own.expected / own.teachers_sum;
}

extern "C" __global__ void __launch_bounds__(Warps * 32) distillation_rows_f32(
    const float* __restrict__ scores, const float* __restrict__ teacher, float inverse_temperature, float teachers_inverse,
    float* __restrict__ log_sums, float* __restrict__ losses, int batch)
{
    const int i = blockIdx.x * Warps + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    if (i >= batch) return;
    const float* const own = scores + (size_t)i * batch;
    const float* const teachers = teacher + (size_t)i * batch;
    line all = no_line();
    for (int j = lane; j < batch; j += 32) all = with_item(all, own[j] * inverse_temperature, teachers[j] * teachers_inverse);
    for (int step = 16; step > 0; step >>= 1) all = joined(all, from_lane(all, step));
    if (lane == 0) close(all, log_sums, losses, 0, i, batch);
}

extern "C" __global__ void __launch_bounds__(Warps * 32) distillation_columns_f32(
    const float* __restrict__ scores, const float* __restrict__ teacher, float inverse_temperature, float teachers_inverse,
    float* __restrict__ log_sums, float* __restrict__ losses, int batch)
{
    __shared__ line lines_of_warps[Warps][32];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, j = blockIdx.x * 32 + lane;
    line all = no_line();
    if (j < batch)
        for (int i = warp; i < batch; i += Warps)
            all = with_item(all, scores[(size_t)i * batch + j] * inverse_temperature, teacher[(size_t)i * batch + j] * teachers_inverse);
    lines_of_warps[warp][lane] = all;
    __syncthreads();
    if (warp != 0 || j >= batch) return;
    for (int w = 1; w < Warps; w++) all = joined(all, lines_of_warps[w][lane]);
    close(all, log_sums, losses, 1, j, batch);
}

extern "C" __global__ void __launch_bounds__(1024) distillation_loss_f32(
    const float* __restrict__ losses, float weight, float* __restrict__ loss, int batch)
{
    NR_DYNAMIC_SHARED(float, partial);
    float total = 0.0f;
    for (int k = threadIdx.x; k < 2 * batch; k += blockDim.x) total += weight * losses[k];
    total = block_sum(total, partial);
    if (threadIdx.x == 0) loss[0] = total;
}

extern "C" __global__ void __launch_bounds__(256) distillation_gradient_f32(
    float* __restrict__ scores, const float* __restrict__ teacher, const float* __restrict__ log_sums, float inverse_temperature,
    float teachers_inverse, float weight, int batch)
{
    const int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (j >= batch) return;
    const float column = log_sums[batch + j], teachers_column = log_sums[3 * batch + j];
    for (int i = blockIdx.y; i < batch; i += gridDim.y)
    {
        float* const cell = scores + (size_t)i * batch + j;
        const float s = *cell * inverse_temperature, r = teacher[(size_t)i * batch + j] * teachers_inverse;
        *cell = weight * inverse_temperature
            * (expf(s - log_sums[i]) - expf(r - log_sums[2 * batch + i]) + expf(s - column) - expf(r - teachers_column));
    }
}
