// y = γ·(x − μ)/√(σ² + ε) + β, then max(·, 0) where relu is set; 0 in frames behind a clip's own
// dx = γ·s·(dz − mean(dz) − n·mean(dz·n)), n = (x − μ)·s, s = 1/√(σ² + ε), dz = dy where the rectifier passes;
// dγ = Σ dz·n, dβ = Σ dz; both means are 0 with running statistics, which do not depend on x
//   x                 [clips, frames, width, channels]  f32  NHWC feature maps, or [clips, frames, bins] with width 1
//   y                 [clips, frames, width, channels]  f32  like x
//   dy                [clips, frames, width, channels]  f32  like x
//   dx                [clips, frames, width, channels]  f32  like x
//   lengths           [clips]                           i32  own frames, or null: frames
//   weight            [channels]                        f32  γ
//   bias              [channels]                        f32  β
//   mean              [channels]                        f32  μ
//   inverse           [channels]                        f32  s
//   running_mean      [channels]                        f32
//   running_variance  [channels]                        f32
//   dweight           [channels]                        f32  dγ
//   dbias             [channels]                        f32  dβ
//   partials          [chunks, 2, channels]             f64  row-major: the two sums of a chunk of pixels
//   terms             [2, channels]                     f32  row-major: mean(dz), mean(dz·n)
// method    Training runs three kernels each way: partial sums x and x² (gradient_partial: dz and dz·n) over chunks of pixels, statistics
//           (sums) adds the chunks of a channel and makes μ and s (dγ, dβ and the two means), apply (backward) goes over the elements.
//           Inference leaves the first out. The rectifier's mask is computed again from x, so that y need not be kept.
// mapping   partial, gradient_partial: blocks of 32 × 8 threads, x = 32 channels (lanes), y = chunk of pixels (warps stride);
//           statistics, sums: one thread per channel;
//           apply, backward: one block per frame of a clip, threads stride over its width · channels elements
// shared    partial, gradient_partial static: 4224 bytes
// numerics  sums of x and x², dz and dz·n in f64 in an order that depends on the launch alone; the rest in f32
// limits    any sizes, also 0; a length outside 0 … frames counts as the nearer end; without a single real frame the running statistics are
//           used and left alone
// reference src/NativeRetrieval.Core/Cpu/BatchNorm.cs, FeatureMaps/BatchNormPlain.cs
#include "common/types.cuh"
#include "common/frames.cuh"

// Adds value(pixel, channel) of the block's chunk of real pixels, two sums per channel, and writes them to partials.
template <class Value>
NR_DEVICE void partial_sums(
    const int* __restrict__ lengths, double* __restrict__ partials, int clips, int frames, int width, int channels, Value value)
{
    constexpr int Warps = 8;
    __shared__ double shared[2][Warps][33]; // 33: lanes of a column lie in different banks
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, channel = blockIdx.x * 32 + lane;
    const long long pixels = (long long)clips * frames * width;
    double first = 0.0, second = 0.0;
    if (channel < channels)
        for (long long pixel = (long long)blockIdx.y * Warps + warp; pixel < pixels; pixel += (long long)gridDim.y * Warps)
        {
            const int line = (int)(pixel / width);
            if (lengths && line % frames >= own_frames(lengths, line / frames, frames)) continue;
            value(pixel, channel, first, second);
        }
    shared[0][warp][lane] = first;
    shared[1][warp][lane] = second;
    __syncthreads();
    if (warp != 0 || channel >= channels) return;
    for (int other = 1; other < Warps; other++)
    {
        first += shared[0][other][lane];
        second += shared[1][other][lane];
    }
    partials[((size_t)blockIdx.y * 2) * channels + channel] = first;
    partials[((size_t)blockIdx.y * 2 + 1) * channels + channel] = second;
}

NR_DEVICE double total(const double* __restrict__ partials, int chunks, int which, int channels, int channel)
{
    double sum = 0.0;
    for (int chunk = 0; chunk < chunks; chunk++) sum += partials[((size_t)chunk * 2 + which) * channels + channel];
    return sum;
}

NR_DEVICE double real_pixels(const int* __restrict__ lengths, int clips, int frames, int width)
{
    double count = 0.0;
    for (int clip = 0; clip < clips; clip++) count += own_frames(lengths, clip, frames);
    return count * width;
}

extern "C" __global__ void __launch_bounds__(256) batch_norm_partial_f32(
    const float* __restrict__ x, const int* __restrict__ lengths, double* __restrict__ partials,
    int clips, int frames, int width, int channels)
{
    partial_sums(lengths, partials, clips, frames, width, channels, [=](long long pixel, int channel, double& sum, double& squares) {
        const double value = x[(size_t)pixel * channels + channel];
        sum += value;
        squares += value * value;
    });
}

// partials null: running statistics.
extern "C" __global__ void __launch_bounds__(256) batch_norm_statistics_f32(
    const double* __restrict__ partials, int chunks, const int* __restrict__ lengths, float* __restrict__ running_mean,
    float* __restrict__ running_variance, double epsilon, double momentum, float* __restrict__ mean, float* __restrict__ inverse,
    int clips, int frames, int width, int channels)
{
    const int channel = blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    double centre = running_mean[channel], variance = running_variance[channel];
    const double count = partials ? real_pixels(lengths, clips, frames, width) : 0.0;
    if (count > 0.0)
    {
        centre = total(partials, chunks, 0, channels, channel) / count;
        variance = fmax(total(partials, chunks, 1, channels, channel) / count - centre * centre, 0.0);
        const double unbiased = count > 1.0 ? variance * count / (count - 1.0) : 0.0;
        running_mean[channel] = (float)((1.0 - momentum) * running_mean[channel] + momentum * centre);
        running_variance[channel] = (float)((1.0 - momentum) * running_variance[channel] + momentum * unbiased);
    }
    mean[channel] = (float)centre;
    inverse[channel] = (float)(1.0 / sqrt(variance + epsilon));
}

extern "C" __global__ void __launch_bounds__(256) batch_norm_apply_f32(
    const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias, const float* __restrict__ mean,
    const float* __restrict__ inverse, const int* __restrict__ lengths, int relu, float* __restrict__ y,
    int frames, int width, int channels)
{
    const int line = blockIdx.x, count = width * channels;
    const bool real = line % frames < own_frames(lengths, line / frames, frames);
    const size_t first = (size_t)line * count;
    for (int i = threadIdx.x; i < count; i += blockDim.x)
    {
        const int channel = i % channels;
        const float scale = weight[channel] * inverse[channel];
        const float value = real ? x[first + i] * scale + (bias[channel] - mean[channel] * scale) : 0.0f;
        y[first + i] = relu && value < 0.0f ? 0.0f : value;
    }
}

// dy where the rectifier passes: its mask is computed again from x.
NR_DEVICE float through(float dy, float x, float scale, float shift, int relu) { return relu && x * scale + shift <= 0.0f ? 0.0f : dy; }

extern "C" __global__ void __launch_bounds__(256) batch_norm_gradient_partial_f32(
    const float* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias,
    const float* __restrict__ mean, const float* __restrict__ inverse, const int* __restrict__ lengths, int relu,
    double* __restrict__ partials, int clips, int frames, int width, int channels)
{
    partial_sums(lengths, partials, clips, frames, width, channels, [=](long long pixel, int channel, double& sum, double& along) {
        const size_t i = (size_t)pixel * channels + channel;
        const float scale = weight[channel] * inverse[channel];
        const float dz = through(dy[i], x[i], scale, bias[channel] - mean[channel] * scale, relu);
        sum += dz;
        along += (double)dz * ((x[i] - mean[channel]) * inverse[channel]);
    });
}

// terms: the two means that backward subtracts; zeros with running statistics, which do not depend on x.
extern "C" __global__ void __launch_bounds__(256) batch_norm_sums_f32(
    const double* __restrict__ partials, int chunks, const int* __restrict__ lengths, int training, float* __restrict__ dweight,
    float* __restrict__ dbias, float* __restrict__ terms, int clips, int frames, int width, int channels)
{
    const int channel = blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    const double sum = total(partials, chunks, 0, channels, channel), along = total(partials, chunks, 1, channels, channel);
    const double count = training ? real_pixels(lengths, clips, frames, width) : 0.0;
    dbias[channel] = (float)sum;
    dweight[channel] = (float)along;
    terms[channel] = count > 0.0 ? (float)(sum / count) : 0.0f;
    terms[channels + channel] = count > 0.0 ? (float)(along / count) : 0.0f;
}

extern "C" __global__ void __launch_bounds__(256) batch_norm_backward_f32(
    const float* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ weight, const float* __restrict__ bias,
    const float* __restrict__ mean, const float* __restrict__ inverse, const float* __restrict__ terms, const int* __restrict__ lengths,
    int relu, float* __restrict__ dx, int frames, int width, int channels)
{
    const int line = blockIdx.x, count = width * channels;
    const bool real = line % frames < own_frames(lengths, line / frames, frames);
    const size_t first = (size_t)line * count;
    for (int i = threadIdx.x; i < count; i += blockDim.x)
    {
        const int channel = i % channels;
        const float scale = weight[channel] * inverse[channel];
        float gradient = 0.0f;
        if (real)
        {
            const float dz = through(dy[first + i], x[first + i], scale, bias[channel] - mean[channel] * scale, relu);
            gradient = scale * (dz - terms[channel] - (x[first + i] - mean[channel]) * inverse[channel] * terms[channels + channel]);
        }
        dx[first + i] = gradient;
    }
}
