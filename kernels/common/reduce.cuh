// Sums and maxima over a warp and over a block. Every thread of the block calls; every thread gets the result.
#pragma once
#include "common/types.cuh"

NR_DEVICE float warp_sum(float value)
{
    for (int step = 16; step > 0; step >>= 1) value += __shfl_xor_sync(0xffffffffu, value, step);
    return value;
}

// partial: one float per warp of the block, in shared memory. blockDim.x: a multiple of 32, at most 1024.
NR_DEVICE float block_sum(float value, float* partial)
{
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    value = warp_sum(value);
    __syncthreads(); // an earlier sum's partials may still be read
    if (lane == 0) partial[warp] = value;
    __syncthreads();
    return warp_sum(lane < warps ? partial[lane] : 0.0f);
}

NR_DEVICE float warp_max(float value)
{
    for (int step = 16; step > 0; step >>= 1) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, step));
    return value;
}

// The maximum over the block; partial and blockDim.x as for block_sum.
NR_DEVICE float block_max(float value, float* partial)
{
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    value = warp_max(value);
    __syncthreads();
    if (lane == 0) partial[warp] = value;
    __syncthreads();
    return warp_max(lane < warps ? partial[lane] : partial[0]);
}

// Sum over the block in double precision, in thread 0 alone; for one sum a kernel.
NR_DEVICE double block_total(double value)
{
    __shared__ double partial[32];
    for (int step = 16; step > 0; step >>= 1) value += __shfl_down_sync(0xffffffffu, value, step);
    if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = value;
    __syncthreads();
    if (threadIdx.x != 0) return 0.0;
    for (int warp = 1; warp < (int)blockDim.x >> 5; warp++) value += partial[warp];
    return value;
}
