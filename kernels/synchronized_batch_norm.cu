// batch_norm.cu's training with the sums of all ranks: μ = Σx/n, σ² = Σx²/n − μ²; dγ, dβ of the rank's own sums, dx of all
//   partials       [chunks, 2, channels]     f64  row-major: Σ x, Σ x² or Σ dz, Σ dz·x of a chunk of pixels, as batch_norm.cu leaves them
//   sums, own, all [2 · channels + 1]        f64  both sums of each channel, then the number of summands n; all is added over the ranks
//   lengths        [clips]                   i32  own frames, or null: frames
//   running_mean, running_variance [channels] f32
//   weight, mean, inverse, dweight, dbias [channels] f32  γ, μ, 1/√(σ² + ε), dγ, dβ
//   terms          [2, channels]             f32  row-major: slope and offset of dx in x, as batch_norm.cu takes them
// method    Backward the second sum becomes Σ dz·(x − μ) before ranks add theirs.
// mapping   sums: blocks of 8 channels × 64 rows; statistics, terms: a thread per channel, blocks of 256
// shared    sums static: 8192 bytes
// numerics  f64 in an order that depends on sizes alone; one rounding to f32
// limits    any channels, also 0; no real pixel on any rank: running statistics, and dx without their terms
// reference src/NativeRetrieval.Core/Cpu/SynchronizedBatchNorm.cs
#include "common/batch_norm.cuh"

// mean null: Σ x, Σ x².
extern "C" __global__ void __launch_bounds__(512) synchronized_batch_norm_sums_f32(
    const double* __restrict__ partials, int chunks, const float* __restrict__ mean, const int* __restrict__ lengths,
    double* __restrict__ sums, int clips, int frames, int width, int channels)
{
    const int channel = blockIdx.x * 8 + threadIdx.x % 8;
    double first, second;
    if (!totals(partials, chunks, channels, channel, first, second)) return;
    sums[channel] = first;
    sums[channels + channel] = mean ? second - mean[channel] * first : second;
    if (channel == 0) sums[2 * channels] = real_pixels(lengths, clips, frames, width);
}

extern "C" __global__ void __launch_bounds__(256) synchronized_batch_norm_statistics_f32(
    const double* __restrict__ sums, float* __restrict__ running_mean, float* __restrict__ running_variance, double epsilon,
    double momentum, float* __restrict__ mean, float* __restrict__ inverse, int channels)
{
    const int channel = blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    moments_to_statistics(sums[channel], sums[channels + channel], sums[2 * channels], channel, running_mean, running_variance, epsilon,
        momentum, mean, inverse);
}

extern "C" __global__ void __launch_bounds__(256) synchronized_batch_norm_terms_f32(
    const double* __restrict__ own, const double* __restrict__ all, const float* __restrict__ weight, const float* __restrict__ mean,
    const float* __restrict__ inverse, float* __restrict__ dweight, float* __restrict__ dbias, float* __restrict__ terms, int channels)
{
    const int channel = blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    const double centre = mean[channel], deviation = inverse[channel], scale = weight[channel] * deviation, count = all[2 * channels];
    dbias[channel] = (float)own[channel];
    dweight[channel] = (float)(own[channels + channel] * deviation);
    const double slope = count > 0.0 ? -scale * deviation * (all[channels + channel] * deviation) / count : 0.0;
    terms[channel] = (float)slope;
    terms[channels + channel] = count > 0.0 ? (float)(-scale * all[channel] / count - slope * centre) : 0.0f;
}
