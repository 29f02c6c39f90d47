// Kernels whose requests can be counted by hand. The self-test launches each and compares the emulator's counts.
#include "common/tensor_core.cuh"

extern "C" __global__ void moves(const float* x, float* y, int stride, int offset) { y[threadIdx.x] = x[threadIdx.x * stride + offset]; }
extern "C" __global__ void moves_vectors(const float4* x, float4* y) { y[threadIdx.x] = x[threadIdx.x]; }
extern "C" __global__ void moves_for_a_while(const float* x, float* y)
{
    float sum = 0.0f;
    for (int i = 0; i <= (int)threadIdx.x % 2; i++) sum += x[i * 32 + threadIdx.x];
    y[blockIdx.x * 32 + threadIdx.x] = sum;
}
extern "C" __global__ void meets_banks(float* y, int stride)
{
    NR_DYNAMIC_SHARED(float, held);
    for (int i = threadIdx.x; i < 1024; i += 32) held[i] = 0.0f;
    __syncthreads();
    y[threadIdx.x] = held[threadIdx.x * stride];
}
extern "C" __global__ void meets_banks_with_vectors(float4* y, int stride)
{
    NR_DYNAMIC_SHARED(float4, held);
    for (int i = threadIdx.x; i < 256; i += 32) held[i] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    __syncthreads();
    y[threadIdx.x] = held[threadIdx.x * stride];
}
extern "C" __global__ void counts_in_shared(int* y)
{
    __shared__ int sum;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    atomicAdd(&sum, 1);
    __syncthreads();
    if (threadIdx.x == 0) y[0] = sum;
}
extern "C" __global__ void copies_asynchronously(const float4* x, float4* y)
{
    __shared__ float4 held[32];
    nr_copy_async16(&held[threadIdx.x], x + threadIdx.x);
    nr_copy_async_commit();
    nr_copy_async_wait<0>();
    y[threadIdx.x] = held[threadIdx.x];
}
extern "C" __global__ void multiplies(float* y)
{
    const unsigned a[4] = { 0, 0, 0, 0 }, b[2] = { 0, 0 };
    float d[4] = { 0.0f, 0.0f, 0.0f, 0.0f };
    for (int i = 0; i < 3; i++) nr_mma_bf16(d, a, b);
    y[threadIdx.x] = d[0];
}
