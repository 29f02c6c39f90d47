// s_ij = cos(a_i, t_j) / temperature; direction over rows: L_i = weight * (log sum_j exp s_ij - mean of s_ij over the positives of i); the other over columns
// G_ij = weight * (softmax_row + softmax_column - [j positive] * (1 / positives_i + 1 / positives_j)); d unit_i = sum_j G_ij * t_j / temperature,
// dx = (d unit - (d unit . unit) * unit) / |x|
//   x, unit, dx [batch, width] f32 row-major · norms, log_sums, losses [batch] f32 · positives [batch] i32 · clips, texts [batch] i32: equal numbers belong together
//   kind: 0 paper (j = i), 1 clip, 2 same text (clip or text), 3 dropped (those of 2 but i leave both sums)
//   order of launches: normalize a, normalize t, forward (a, t), forward (t, a), loss over both losses, backward (a, t), backward (t, a)
// mapping   one block per row, any multiple of 32 threads up to 1024, a warp per partner; loss: one block
// shared    normalize, loss dynamic: blockDim.x / 32 floats; forward static: 512 bytes; backward dynamic: width + 2 * blockDim.x / 32 floats
// numerics  no [batch, batch] matrix: products are computed again for the gradient; the sum runs against the maximum so far; f32, partners in a fixed order
// limits    batch at least 1; a vector shorter than 1e-12 has cosine 0 with everything and no gradient
// reference Core/Backends/Cpu/NtXent.cs
#include "common/types.cuh"
#include "common/shared.cuh"
#include "common/reduce.cuh"

enum { Paper, Clip, SameText, Dropped };

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

// Of two rows, by one warp; every lane gets it.
NR_DEVICE float warp_dot(const float* __restrict__ a, const float* __restrict__ b, int width)
{
    float sum = 0.0f;
    for (int d = threadIdx.x & 31; d < width; d += 32) sum += a[d] * b[d];
    return warp_sum(sum);
}

extern "C" __global__ void __launch_bounds__(1024) nt_xent_normalize_f32(const float* __restrict__ x, float* __restrict__ unit, float* __restrict__ norms, int width)
{
    NR_DYNAMIC_SHARED(float, partial);
    const size_t first = (size_t)blockIdx.x * width;
    float squares = 0.0f;
    for (int d = threadIdx.x; d < width; d += blockDim.x) squares += x[first + d] * x[first + d];
    const float norm = sqrtf(block_sum(squares, partial)), inverse = norm < 1e-12f ? 0.0f : 1.0f / norm;
    for (int d = threadIdx.x; d < width; d += blockDim.x) unit[first + d] = x[first + d] * inverse;
    if (threadIdx.x == 0) norms[blockIdx.x] = norm;
}

extern "C" __global__ void __launch_bounds__(1024) nt_xent_forward_f32(
    const float* __restrict__ own, const float* __restrict__ other, const int* __restrict__ clips, const int* __restrict__ texts, int kind, float inverse_temperature,
    float weight, float* __restrict__ log_sums, int* __restrict__ positives, float* __restrict__ losses, int batch, int width)
{
    __shared__ float maxima[32], sums[32], matches[32];
    __shared__ int counts[32];
    const int i = blockIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    float largest = __int_as_float(0xff800000), sum = 0.0f, match = 0.0f;
    int count = 0;
    for (int j = warp; j < batch; j += warps)
    {
        if (is_dropped(clips, texts, kind, i, j)) continue;
        const float s = warp_dot(own + (size_t)i * width, other + (size_t)j * width, width) * inverse_temperature, higher = fmaxf(largest, s);
        sum = sum * expf(largest - higher) + expf(s - higher);
        largest = higher;
        if (!is_positive(clips, texts, kind, i, j)) continue;
        match += s;
        count++;
    }
    if (lane == 0)
    {
        maxima[warp] = largest;
        sums[warp] = sum;
        matches[warp] = match;
        counts[warp] = count;
    }
    __syncthreads();
    if (threadIdx.x != 0) return;
    for (int w = 1; w < warps; w++) largest = fmaxf(largest, maxima[w]);
    sum = match = 0.0f;
    count = 0;
    for (int w = 0; w < warps; w++)
    {
        sum += sums[w] * expf(maxima[w] - largest);
        match += matches[w];
        count += counts[w];
    }
    const float log_sum = largest + logf(sum);
    log_sums[i] = log_sum;
    positives[i] = count;
    losses[i] = weight * (log_sum - match / count);
}

extern "C" __global__ void __launch_bounds__(1024) nt_xent_loss_f32(const float* __restrict__ rows, const float* __restrict__ columns, float* __restrict__ loss, int batch)
{
    NR_DYNAMIC_SHARED(float, partial);
    float sum = 0.0f;
    for (int i = threadIdx.x; i < batch; i += blockDim.x) sum += rows[i] + columns[i];
    sum = block_sum(sum, partial);
    if (threadIdx.x == 0) loss[0] = sum;
}

extern "C" __global__ void __launch_bounds__(1024) nt_xent_backward_f32(
    const float* __restrict__ own, const float* __restrict__ norms, const float* __restrict__ own_log_sums, const float* __restrict__ other,
    const float* __restrict__ other_log_sums, const int* __restrict__ positives, const int* __restrict__ clips, const int* __restrict__ texts, int kind,
    float inverse_temperature, float weight, float* __restrict__ dx, int batch, int width)
{
    const int i = blockIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    NR_DYNAMIC_SHARED(float, direction); // width floats, then the warps' gradients, then their partial sums
    float* const gradients = direction + width;
    float* const partial = gradients + warps;
    const float* const unit = own + (size_t)i * width;
    for (int d = threadIdx.x; d < width; d += blockDim.x) direction[d] = 0.0f;
    for (int first = 0; first < batch; first += warps)
    {
        const int j = first + warp;
        float gradient = 0.0f;
        if (j < batch && !is_dropped(clips, texts, kind, i, j))
        {
            const float s = warp_dot(unit, other + (size_t)j * width, width) * inverse_temperature;
            const float target = is_positive(clips, texts, kind, i, j) ? 1.0f / positives[i] + 1.0f / positives[j] : 0.0f;
            gradient = weight * (expf(s - own_log_sums[i]) + expf(s - other_log_sums[j]) - target) * inverse_temperature;
        }
        __syncthreads(); // the last round's gradients may still be read
        if (lane == 0) gradients[warp] = gradient;
        __syncthreads();
        const int here = min(warps, batch - first);
        for (int d = threadIdx.x; d < width; d += blockDim.x)
        {
            float sum = direction[d];
            for (int w = 0; w < here; w++) sum += gradients[w] * other[(size_t)(first + w) * width + d];
            direction[d] = sum;
        }
    }
    float along = 0.0f;
    for (int d = threadIdx.x; d < width; d += blockDim.x) along += direction[d] * unit[d];
    along = block_sum(along, partial);
    const float inverse = norms[i] < 1e-12f ? 0.0f : 1.0f / norms[i];
    for (int d = threadIdx.x; d < width; d += blockDim.x) dx[(size_t)i * width + d] = (direction[d] - along * unit[d]) * inverse;
}
