// y[i] = table[ids[i]]
// dtable[id] = Σ dy[i] over the i with ids[i] = id
//   table   [rows, width]       f32 or bf16  row-major
//   ids     [count]             i32
//   y       [count, width]      like table   row-major
//   dy      [count, width]      like table   row-major
//   dtable  [rows, width]       like table   row-major: comes filled with zeros
//   order   [2, count]          i32          row-major: positions sorted by id, equal ids by position; then their ids
//   parts   [chunks, 2, width]  f32          row-major: sums of runs of an id that go over the ends of a chunk of 16 sorted positions:
//                                            one that comes from the chunk before, one that begins here and goes on
//   fault   common/fault.cuh
// method    Every chunk of sorted positions is summed by one block, however often an id comes: runs within a chunk are done with, those
//           over its ends leave parts, which join adds in their order, in the chunk where the run begins. No atomics, no host.
// mapping   forward: one block per id, threads stride the row by packs; order: a warp per id counts those that come before it, any grid
//           of blocks of 256; backward: blockIdx.x = chunk, blocks of y and their threads cover the width, a pack of dy each; join: as
//           backward
// shared    none
// numerics  forward copies; backward adds in f32 in the order of the positions, 16 at a time, then those sums: equal bits in every run
// limits    any sizes, also 0; an id outside the table is a fault, gives a row of zeros and is left out of the gradient; order compares
//           every pair of ids
// reference src/NativeRetrieval.Core/Cpu/Embedding.cs
#include "common/storage.cuh"
#include "common/fault.cuh"

constexpr int Chunk = 16, Warps = 8;

template <class T>
NR_DEVICE void forward(
    const T* __restrict__ table, const int* __restrict__ ids, T* __restrict__ y, int* __restrict__ fault, int rows, int width)
{
    constexpr int Size = pack<T>::Size;
    const bool aligned = width % Size == 0 && is_aligned(table) && is_aligned(y);
    const int id = ids[blockIdx.x];
    const bool inside = id >= 0 && id < rows;
    if (!inside && threadIdx.x == 0) report_fault(fault, EmbeddingId, blockIdx.x, id, rows);
    for (int d = threadIdx.x * Size; d < width; d += blockDim.x * Size)
    {
        const T* const source = table + (size_t)id * width + d;
        T* const target = y + (size_t)blockIdx.x * width + d;
        if (aligned)
        {
            float values[Size] = {};
            if (inside) load_values(source, values);
            store_values(target, values);
        }
        else
            for (int k = 0; k < Size && d + k < width; k++) store(target + k, inside ? to_float(source[k]) : 0.0f);
    }
}

NR_DEVICE void order_ids(const int* __restrict__ ids, int* __restrict__ order, int count)
{
    const int lane = threadIdx.x & 31;
    for (int i = blockIdx.x * Warps + (threadIdx.x >> 5); i < count; i += gridDim.x * Warps)
    {
        const int id = ids[i];
        int before = 0;
#pragma unroll 4
        for (int j = lane; j < count; j += 32) before += ids[j] < id || (ids[j] == id && j < i);
        for (int step = 16; step > 0; step >>= 1) before += __shfl_xor_sync(0xffffffffu, before, step);
        if (lane != 0) continue;
        order[before] = i;
        order[count + before] = id;
    }
}

// The values of a pack that begins at column d.
template <class T, int Size>
NR_DEVICE void read(const T* row, int d, int width, bool aligned, float (&values)[Size])
{
    if (aligned) load_values(row + d, values);
    else
#pragma unroll
        for (int k = 0; k < Size; k++) values[k] = d + k < width ? to_float(row[d + k]) : 0.0f;
}

template <class T, int Size>
NR_DEVICE void write(T* row, int d, int width, bool aligned, const float (&values)[Size])
{
    if (aligned) store_values(row + d, values);
    else
#pragma unroll
        for (int k = 0; k < Size; k++)
            if (d + k < width) store(row + d + k, values[k]);
}

template <class T>
NR_DEVICE void backward(
    const T* __restrict__ dy, const int* __restrict__ order, T* __restrict__ dtable, float* __restrict__ parts, int count, int rows,
    int width)
{
    constexpr int Size = pack<T>::Size, Ahead = 4;
    const bool aligned = width % Size == 0 && is_aligned(dy) && is_aligned(dtable) && is_aligned(parts);
    const int d = (blockIdx.y * blockDim.x + threadIdx.x) * Size, begin = blockIdx.x * Chunk, end = min(count, begin + Chunk);
    if (d >= width) return;
    const int* const ids = order + count;
    float sums[Size] = {};
    int run = ids[begin];
    bool came = begin > 0 && ids[begin - 1] == run; // from the chunk before
    for (int first = begin; first < end; first += Ahead)
    {
        float values[Ahead][Size];
#pragma unroll
        for (int a = 0; a < Ahead; a++)
            if (first + a < end) read(dy + (size_t)order[first + a] * width, d, width, aligned, values[a]);
#pragma unroll
        for (int a = 0; a < Ahead; a++)
        {
            if (first + a >= end) continue;
            const int id = ids[first + a];
            if (id != run)
            {
                if (came) write(parts + (size_t)blockIdx.x * 2 * width, d, width, aligned, sums);
                else if (run >= 0 && run < rows) write(dtable + (size_t)run * width, d, width, aligned, sums);
#pragma unroll
                for (int k = 0; k < Size; k++) sums[k] = 0.0f;
                run = id;
                came = false;
            }
#pragma unroll
            for (int k = 0; k < Size; k++) sums[k] += values[a][k];
        }
    }
    const bool goes = end < count && ids[end] == run;
    if (came || goes) write(parts + ((size_t)blockIdx.x * 2 + (came ? 0 : 1)) * width, d, width, aligned, sums);
    else if (run >= 0 && run < rows) write(dtable + (size_t)run * width, d, width, aligned, sums);
}

template <class Table>
NR_DEVICE void join(
    const int* __restrict__ order, const float* __restrict__ parts, Table* __restrict__ dtable, int count, int rows, int width)
{
    constexpr int Size = pack<Table>::Size;
    const bool aligned = width % Size == 0 && is_aligned(dtable) && is_aligned(parts);
    const int d = (blockIdx.y * blockDim.x + threadIdx.x) * Size, begin = blockIdx.x * Chunk, end = begin + Chunk;
    const int* const ids = order + count;
    if (d >= width || end >= count) return;
    const int run = ids[end - 1];
    const bool came = ids[begin] == run && begin > 0 && ids[begin - 1] == run;
    if (came || ids[end] != run || run < 0 || run >= rows) return;
    int low = end, high = count; // the first position behind the run
    while (low < high)
    {
        const int middle = (low + high) / 2;
        if (ids[middle] == run) low = middle + 1;
        else high = middle;
    }
    float sums[Size];
    read(parts + ((size_t)blockIdx.x * 2 + 1) * width, d, width, aligned, sums);
#pragma unroll 4
    for (int chunk = blockIdx.x + 1; chunk * Chunk < low; chunk++)
    {
        float values[Size];
        read(parts + (size_t)chunk * 2 * width, d, width, aligned, values);
#pragma unroll
        for (int k = 0; k < Size; k++) sums[k] += values[k];
    }
    write(dtable + (size_t)run * width, d, width, aligned, sums);
}

extern "C" __global__ void __launch_bounds__(1024) embedding_forward_f32(
    const float* __restrict__ table, const int* __restrict__ ids, float* __restrict__ y, int* __restrict__ fault, int rows, int width)
{
    forward(table, ids, y, fault, rows, width);
}

extern "C" __global__ void __launch_bounds__(1024) embedding_forward_bf16(
    const bf16* __restrict__ table, const int* __restrict__ ids, bf16* __restrict__ y, int* __restrict__ fault, int rows, int width)
{
    forward(table, ids, y, fault, rows, width);
}

// Of ids alone, whatever the types.
extern "C" __global__ void __launch_bounds__(256) embedding_order_f32(const int* __restrict__ ids, int* __restrict__ order, int count)
{
    order_ids(ids, order, count);
}

extern "C" __global__ void __launch_bounds__(256) embedding_backward_f32(
    const float* __restrict__ dy, const int* __restrict__ order, float* __restrict__ dtable, float* __restrict__ parts, int count,
    int rows, int width)
{
    backward(dy, order, dtable, parts, count, rows, width);
}

extern "C" __global__ void __launch_bounds__(256) embedding_backward_bf16(
    const bf16* __restrict__ dy, const int* __restrict__ order, bf16* __restrict__ dtable, float* __restrict__ parts, int count, int rows,
    int width)
{
    backward(dy, order, dtable, parts, count, rows, width);
}

extern "C" __global__ void __launch_bounds__(256) embedding_join_f32(
    const int* __restrict__ order, const float* __restrict__ parts, float* __restrict__ dtable, int count, int rows, int width)
{
    join(order, parts, dtable, count, rows, width);
}

extern "C" __global__ void __launch_bounds__(256) embedding_join_bf16(
    const int* __restrict__ order, const float* __restrict__ parts, bf16* __restrict__ dtable, int count, int rows, int width)
{
    join(order, parts, dtable, count, rows, width);
}
