// What the kernels of batch normalisation share: scale and shift of a thread's channels, and sums over pixels for each channel.
#pragma once
#include "common/feature_map.cuh"

// γ·(x − μ)·s + β as scale·x + shift.
template <int Size>
struct affine
{
    float scale[Size], shift[Size];

    // max(·, 0) where relu is set, NaN staying NaN.
    NR_DEVICE float forward(float x, int k, int relu) const
    {
        const float value = x * scale[k] + shift[k];
        return relu && value < 0.0f ? 0.0f : value;
    }

    // True where the rectifier lets the gradient through; its mask is computed again from x.
    NR_DEVICE bool passes(float x, int k, int relu) const { return !relu || !(x * scale[k] + shift[k] <= 0.0f); }
};

template <int Size>
NR_DEVICE affine<Size> affine_of(const parameter_reader<Size>& read, const float* __restrict__ weight, const float* __restrict__ bias,
    const float* __restrict__ mean, const float* __restrict__ inverse)
{
    affine<Size> result;
    float inverses[Size], means[Size];
    read(weight, result.scale);
    read(inverse, inverses);
    read(bias, result.shift);
    read(mean, means);
#pragma unroll
    for (int k = 0; k < Size; k++)
    {
        result.scale[k] *= inverses[k];
        result.shift[k] -= means[k] * result.scale[k];
    }
    return result;
}

// dx = scale·dz + slope·x + offset: γ·s·(dz − mean(dz) − n·mean(dz·n)) by powers of x.
template <int Size>
struct input_gradient
{
    affine<Size> norm;
    float slope[Size], offset[Size];

    NR_DEVICE float of(float dy, float x, int k, int relu) const
    {
        const float dz = norm.passes(x, k, relu) ? dy : 0.0f;
        return norm.scale[k] * dz + (slope[k] * x + offset[k]);
    }
};

// terms [2, channels]: slopes and offsets.
template <int Size>
NR_DEVICE input_gradient<Size> input_gradient_of(const float* __restrict__ weight, const float* __restrict__ bias,
    const float* __restrict__ mean, const float* __restrict__ inverse, const float* __restrict__ terms, int channel, int channels)
{
    input_gradient<Size> result;
    const parameter_reader<Size> read(channel);
    result.norm = affine_of(read, weight, bias, mean, inverse);
    read(terms, result.slope);
    read(terms + channels, result.offset);
    return result;
}

// Threads of a block in rows of neighbouring groups: blockIdx.x takes a share of the groups, blockIdx.y and the rows stride over pixels.
// channel −1: a thread left over, or behind the last group.
template <int Size>
NR_DEVICE map_part part_of_block(int channels)
{
    const unsigned groups = channels / Size, share = (groups + gridDim.x - 1) / gridDim.x, rows = blockDim.x / share;
    const unsigned row = threadIdx.x / share, group = blockIdx.x * share + threadIdx.x % share;
    const bool idle = row >= rows || group >= groups;
    return { idle ? -1 : (int)group * Size, idle ? 0xffffffffu : blockIdx.y * rows + row, gridDim.y * rows };
}

// 256 pairs, once per kernel: a template would have its own for each size.
NR_DEVICE double (*shared_pairs())[256]
{
    __shared__ double shared[2][256];
    return shared;
}

// Adds the two sums of the block's rows in their order and writes them as chunk blockIdx.y of partials [chunks, 2, channels]; every
// thread of the block calls. Blocks of 256.
template <int Size>
NR_DEVICE void write_partials(const map_part& part, const double (&first)[Size], const double (&second)[Size],
    double* __restrict__ partials, int channels)
{
    double (*const shared)[256] = shared_pairs();
    const unsigned groups = channels / Size, share = (groups + gridDim.x - 1) / gridDim.x, rows = blockDim.x / share;
#pragma unroll
    for (int k = 0; k < Size; k++)
    {
        __syncthreads();
        shared[0][threadIdx.x] = first[k];
        shared[1][threadIdx.x] = second[k];
        __syncthreads();
        if (threadIdx.x >= share || part.channel < 0) continue;
        double sums[2] = { first[k], second[k] };
        for (unsigned row = 1; row < rows; row++)
        {
            sums[0] += shared[0][row * share + threadIdx.x];
            sums[1] += shared[1][row * share + threadIdx.x];
        }
        partials[(size_t)blockIdx.y * 2 * channels + part.channel + k] = sums[0];
        partials[((size_t)blockIdx.y * 2 + 1) * channels + part.channel + k] = sums[1];
    }
}

// The two sums of a channel over all chunks, in one order whatever the timing: each row adds every 64th chunk, the first one the rows.
// Blocks of 8 channels × 64 rows; true in the threads that hold a result.
NR_DEVICE bool totals(const double* __restrict__ partials, int chunks, int channels, int channel, double& first, double& second)
{
    constexpr int Channels = 8, Rows = 64;
    __shared__ double shared[2][Rows * Channels];
    const int row = threadIdx.x / Channels;
    first = second = 0.0;
    if (channel < channels)
#pragma unroll 8
        for (int chunk = row; chunk < chunks; chunk += Rows)
        {
            first += partials[(size_t)chunk * 2 * channels + channel];
            second += partials[((size_t)chunk * 2 + 1) * channels + channel];
        }
    shared[0][threadIdx.x] = first;
    shared[1][threadIdx.x] = second;
    __syncthreads();
    if (row != 0 || channel >= channels) return false;
#pragma unroll 8
    for (int other = 1; other < Rows; other++)
    {
        first += shared[0][other * Channels + threadIdx.x];
        second += shared[1][other * Channels + threadIdx.x];
    }
    return true;
}

// Mean and 1/√(σ² + ε) of a channel from Σ x, Σ x² and their number, which move the running ones; those without a summand.
NR_DEVICE void moments_to_statistics(double sum, double squares, double count, int channel, float* __restrict__ running_mean,
    float* __restrict__ running_variance, double epsilon, double momentum, float* __restrict__ mean, float* __restrict__ inverse)
{
    double centre = running_mean[channel], variance = running_variance[channel];
    if (count > 0.0)
    {
        centre = sum / count;
        variance = fmax(squares / count - centre * centre, 0.0);
        const double unbiased = count > 1.0 ? variance * count / (count - 1.0) : 0.0;
        running_mean[channel] = (float)((1.0 - momentum) * running_mean[channel] + momentum * centre);
        running_variance[channel] = (float)((1.0 - momentum) * running_variance[channel] + momentum * unbiased);
    }
    mean[channel] = (float)centre;
    inverse[channel] = (float)(1.0 / sqrt(variance + epsilon));
}
