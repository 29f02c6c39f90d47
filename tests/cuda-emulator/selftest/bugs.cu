// Each kernel has one mistake that a GPU passes over or punishes without a word. The self-test launches it and reads the emulator's.
#include "common/async_copy.cuh"
#include "common/tensor_core.cuh"

extern "C" __global__ void good(const float* x, float* y, int n)
{
    __shared__ float held[64];
    const int i = blockIdx.x * 64 + threadIdx.x;
    held[threadIdx.x] = i < n ? x[i] : 0.0f;
    __syncthreads();
    if (i < n) y[i] = held[63 - threadIdx.x];
}

extern "C" __global__ void reads_past_the_end(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x + 1]; }
extern "C" __global__ void writes_past_the_end(float* y) { y[threadIdx.x + 1] = 1.0f; }
extern "C" __global__ void reads_the_host(const float* x, float* y) { y[0] = x[0]; }
extern "C" __global__ void reads_past_dynamic_shared(float* y)
{
    NR_DYNAMIC_SHARED(float, held);
    held[threadIdx.x] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = held[threadIdx.x + 1];
}
extern "C" __global__ void leaves_a_shared_array(float* y, int offset)
{
    __shared__ float first[32];
    __shared__ float second[64];
    second[threadIdx.x] = first[threadIdx.x] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = first[threadIdx.x + offset] + second[0];
}
extern "C" __global__ void loads_a_misaligned_vector(const float* x, float4* y) { y[0] = *(const float4*)(x + 1); }
extern "C" __global__ void races_in_shared(float* y)
{
    __shared__ float held[64];
    held[threadIdx.x] = 0.0f;
    __syncthreads();
    held[threadIdx.x] = 1.0f;
    y[threadIdx.x] = held[threadIdx.x ^ 32];
}
extern "C" __global__ void overwrites_what_is_read(float* y)
{
    __shared__ float held[64];
    held[threadIdx.x] = 1.0f;
    __syncthreads();
    const float value = held[threadIdx.x ^ 1];
    held[threadIdx.x] = value + 1.0f;
    y[threadIdx.x] = value;
}
extern "C" __global__ void races_between_blocks(float* y) { y[threadIdx.x] = (float)blockIdx.x; }
extern "C" __global__ void races_in_global(float* y)
{
    y[threadIdx.x] = 1.0f;
    y[threadIdx.x + 64] = y[threadIdx.x ^ 32];
}
extern "C" __global__ void reads_unwritten_shared(float* y)
{
    __shared__ float held[64];
    if (threadIdx.x < 32) held[threadIdx.x] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = held[threadIdx.x];
}
extern "C" __global__ void reads_a_word_of_which_a_byte_was_written(float* y)
{
    __shared__ unsigned held[64];
    ((char*)held)[4 * threadIdx.x] = 1;
    y[threadIdx.x] = (float)held[threadIdx.x];
}
extern "C" __global__ void races_in_the_last_byte_of_a_word(float* y)
{
    __shared__ unsigned held[1];
    if (threadIdx.x == 0) held[0] = 0;
    __syncthreads();
    if (threadIdx.x == 32) ((char*)held)[3] = 1;
    if (threadIdx.x == 0) y[0] = (float)held[0];
}
extern "C" __global__ void reads_unwritten_global(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }
extern "C" __global__ void diverges_at_barriers(float* y)
{
    if (threadIdx.x < 32)
        __syncthreads();
    else
        __syncthreads();
    y[threadIdx.x] = 1.0f;
}
extern "C" __global__ void exits_while_others_wait(float* y)
{
    if (threadIdx.x >= 32) return;
    __syncthreads();
    y[threadIdx.x] = 1.0f;
}
extern "C" __global__ void shuffles_outside_its_mask(float* y) { y[threadIdx.x] = __shfl_xor_sync(0x0000ffffu, 1.0f, 1); }
extern "C" __global__ void reads_a_lane_outside_its_mask(float* y)
{
    if (threadIdx.x < 16) y[threadIdx.x] = __shfl_sync(0x0000ffffu, 1.0f, 20);
}
extern "C" __global__ void half_a_warp_shuffles(float* y)
{
    if (threadIdx.x < 16) y[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.0f, 1);
    else __syncthreads();
}
extern "C" __global__ void shuffles_after_half_a_warp_has_left(float* y)
{
    if (threadIdx.x < 16) return;
    y[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.0f, 1);
}
extern "C" __global__ void misses_the_wait(const float4* x, float4* y)
{
    __shared__ float4 held[32];
    nr_copy_async16(&held[threadIdx.x], &x[threadIdx.x]);
    nr_copy_async_commit();
    y[threadIdx.x] = held[threadIdx.x];
}
extern "C" __global__ void misses_the_barrier_after_the_wait(const float4* x, float4* y)
{
    __shared__ float4 held[32];
    nr_copy_async16(&held[threadIdx.x], &x[threadIdx.x]);
    nr_copy_async_commit();
    nr_copy_async_wait<0>();
    y[threadIdx.x] = held[threadIdx.x ^ 1];
}
extern "C" __global__ void divides_by_zero(int* y, int zero) { y[0] = 7 / zero; }
extern "C" __global__ void mixes_atomic_and_plain(int* y)
{
    __shared__ int sum;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    atomicAdd(&sum, 1);
    if (threadIdx.x == 40) y[0] = sum;
}
extern "C" __global__ void adds_atomically(int* y, float* z)
{
    atomicAdd(y, 1);
    atomicAdd(z, 0.5f);
}
extern "C" __global__ void __launch_bounds__(64) at_most_64(float* y) { y[threadIdx.x] = 1.0f; }
extern "C" __global__ void neighbours_in_a_word(unsigned short* y) { y[blockIdx.x * 33 + threadIdx.x] = 1; }
extern "C" __global__ void warp_synchronous(float* y)
{
    __shared__ float held[64];
    held[threadIdx.x] = 1.0f;
    __syncwarp();
    y[threadIdx.x] = held[threadIdx.x ^ 1];
}
extern "C" __global__ void scales(float* x, float by, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] *= by;
}
extern "C" __global__ void reverses_a_warp(int* y) { y[threadIdx.x] = __shfl_sync(0xffffffffu, (int)threadIdx.x, 31 - threadIdx.x); }
// y [16, 8] = a [16, k] * b [k, 8], k = 16 in bf16 and 8 in TF32.
extern "C" __global__ void multiplies_in_bf16(const unsigned* a, const unsigned* b, float* y)
{
    const int g = threadIdx.x / 4, t = threadIdx.x % 4;
    const unsigned left[4] = { a[g * 8 + t], a[(g + 8) * 8 + t], a[g * 8 + t + 4], a[(g + 8) * 8 + t + 4] };
    const unsigned right[2] = { b[g * 8 + t], b[g * 8 + t + 4] }; // column by column
    float d[4] = {};
    nr_mma_bf16(d, left, right);
    for (int i = 0; i < 4; i++) y[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
}
template <bool exact> NR_DEVICE void multiply_floats(const float* a, const float* b, float* y)
{
    const int g = threadIdx.x / 4, t = threadIdx.x % 4;
    const operand<exact, 4> left({ a[g * 8 + t], a[(g + 8) * 8 + t], a[g * 8 + t + 4], a[(g + 8) * 8 + t + 4] });
    const operand<exact, 2> right({ b[g * 8 + t], b[g * 8 + t + 4] });
    float d[4] = {};
    multiply(d, left, right);
    for (int i = 0; i < 4; i++) y[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
}
extern "C" __global__ void multiplies_in_tf32(const float* a, const float* b, float* y) { multiply_floats<false>(a, b, y); }
extern "C" __global__ void multiplies_in_three_products(const float* a, const float* b, float* y) { multiply_floats<true>(a, b, y); }
template <class T> __global__ void fills(T* y, T value) { y[threadIdx.x] = value; }
