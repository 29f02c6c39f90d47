// y[i] = table[ids[i]]
// dtable[ids[i]] += dy[i], i in order
//   table   [rows, width]   f32, bf16 or f16  row-major
//   ids     [count]         i32
//   y       [count, width]  like table        row-major
//   dy      [count, width]  like table        row-major
//   dtable  [rows, width]   f32               row-major
//   fault   common/fault.cuh
// mapping   forward: one block per id, threads stride the row; backward: one thread per column, which walks the ids; any block size
// shared    none
// numerics  forward copies; backward adds in the order of the ids: the same sums in every run, and bit for bit the CPU's in f32
// limits    any sizes, also 0; an id outside the table is a fault, gives a row of zeros and is left out of the gradient
// reference src/NativeRetrieval.Core/Cpu/Embedding.cs
#include "common/types.cuh"
#include "common/fault.cuh"

template <class T>
NR_DEVICE void forward(
    const T* __restrict__ table, const int* __restrict__ ids, T* __restrict__ y, int* __restrict__ fault, int rows, int width)
{
    const int id = ids[blockIdx.x];
    const bool inside = id >= 0 && id < rows;
    if (!inside && threadIdx.x == 0) report_fault(fault, EmbeddingId, blockIdx.x, id, rows);
    for (int d = threadIdx.x; d < width; d += blockDim.x)
        store(&y[(size_t)blockIdx.x * width + d], inside ? to_float(table[(size_t)id * width + d]) : 0.0f);
}

template <class T>
NR_DEVICE void backward(const T* __restrict__ dy, const int* __restrict__ ids, float* __restrict__ dtable, int count, int rows, int width)
{
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= width) return;
    for (int i = 0; i < count; i++)
    {
        const int id = ids[i];
        if (id >= 0 && id < rows) dtable[(size_t)id * width + column] += to_float(dy[(size_t)i * width + column]);
    }
}

#define ENTRY_POINTS(T)                                                                                                            \
    extern "C" __global__ void __launch_bounds__(1024) embedding_forward_##T(                                                      \
        const T* __restrict__ table, const int* __restrict__ ids, T* __restrict__ y, int* __restrict__ fault, int rows, int width) \
    {                                                                                                                              \
        forward(table, ids, y, fault, rows, width);                                                                                \
    }                                                                                                                              \
    extern "C" __global__ void __launch_bounds__(1024) embedding_backward_##T(                                                     \
        const T* __restrict__ dy, const int* __restrict__ ids, float* __restrict__ dtable, int count, int rows, int width)         \
    {                                                                                                                              \
        backward(dy, ids, dtable, count, rows, width);                                                                             \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
ENTRY_POINTS(f16)
