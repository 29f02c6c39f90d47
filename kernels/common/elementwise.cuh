// One function of two values over all elements of tensors of equal size, in memory order, whatever the layout.
// A thread strides over groups of four neighbours, then over the rest, one by one; groups where all addresses are multiples of 16.
#pragma once
#include "common/types.cuh"

NR_DEVICE float rectified(float value) { return value < 0.0f ? 0.0f : value; }

NR_DEVICE bool is_aligned(const void* a, const void* b, const void* y) { return (((size_t)a | (size_t)b | (size_t)y) & 15) == 0; }

// y[i] = function(a[i], b[i]); an input that is not used may be y itself.
template <class Function>
NR_DEVICE void for_each(const float* a, const float* b, float* y, long long count, Function function)
{
    const long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x, threads = (long long)gridDim.x * blockDim.x;
    const long long groups = is_aligned(a, b, y) ? count / 4 : 0;
    for (long long i = thread; i < groups; i += threads)
    {
        const float4 left = ((const float4*)a)[i], right = ((const float4*)b)[i];
        ((float4*)y)[i] =
            make_float4(function(left.x, right.x), function(left.y, right.y), function(left.z, right.z), function(left.w, right.w));
    }
    for (long long i = groups * 4 + thread; i < count; i += threads) y[i] = function(a[i], b[i]);
}
