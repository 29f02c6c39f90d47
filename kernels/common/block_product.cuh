// A tile of a product of f32 matrices on the tensor cores, by a block: 64 rows and 128 columns. Warps lie four side by side, each of Tiles
// times 16 rows and 32 columns: two tiles and 256 threads, or four and 128. Exact: three TF32 products (common/tensor_core.cuh), else one.
//   left   rows x inner, right  columns x inner, each of a matrix in memory whose rows hold either the inner elements of one row
//          (column), or those of all at one inner element; rows, columns and inner elements behind the ends count as 0
// Slices of 32 inner elements pass through shared memory, two on their way while one is multiplied; dynamic shared memory:
// ProductShared bytes. The lanes of a load read 32 banks: rows of a slice are 4 floats apart from a multiple of 32, or 8 from one.
#pragma once
#include "common/async_copy.cuh"
#include "common/storage.cuh"
#include "common/tensor_core.cuh"

constexpr int ProductRows = 64, ProductColumns = 128;
constexpr int SliceInner = 32, SliceStride = SliceInner + 4, Stages = 3;
constexpr int LeftFloats = ProductRows * SliceStride, RightFloats = ProductColumns * SliceStride, StageFloats = LeftFloats + RightFloats;
constexpr int ProductShared = Stages * StageFloats * (int)sizeof(float); // 82,944, as in Backend/MatMul.cs

template <int Tiles>
constexpr int ProductThreads = ProductRows / (16 * Tiles) * ProductColumns;

// One operand: element (outer, inner) at values[outer * stride + inner], or with InnerFirst at values[inner * stride + outer].
template <bool InnerFirst>
struct product_operand
{
    const float* values;
    size_t stride;
    int outers, inners;
};

// Four floats to shared memory, those behind the first `count` as 0.
NR_DEVICE void load_four(const float* source, int count, bool aligned, float* target)
{
    if (aligned && count >= 4)
    {
        nr_copy_async16(target, source);
        return;
    }
    float4 word = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (count > 0) word.x = source[0];
    if (count > 1) word.y = source[1];
    if (count > 2) word.z = source[2];
    if (count > 3) word.w = source[3];
    *(float4*)target = word;
}

// Outer elements of a tile and a slice of their inner ones.
template <int Threads, int Outer, bool InnerFirst>
NR_DEVICE void load_slice(const product_operand<InnerFirst>& x, int outer0, int inner0, float* tile)
{
    const bool aligned = is_aligned(x.values) && x.stride % 4 == 0;
    constexpr int PerRow = (InnerFirst ? Outer : SliceInner) / 4;
#pragma unroll
    for (int first = 0; first < Outer * SliceInner / 4; first += Threads)
    {
        const int chunk = first + threadIdx.x, row = chunk / PerRow, place = chunk % PerRow * 4;
        const int outer = outer0 + (InnerFirst ? place : row), inner = inner0 + (InnerFirst ? row : place);
        const int count = InnerFirst ? (inner < x.inners ? x.outers - outer : 0) : (outer < x.outers ? x.inners - inner : 0);
        const float* const source = x.values + (InnerFirst ? (size_t)inner * x.stride + outer : (size_t)outer * x.stride + inner);
        load_four(source, count, aligned, tile + row * (InnerFirst ? Outer + 8 : SliceStride) + place);
    }
}

// Element (outer, inner) of a slice in shared memory.
template <int Outer, bool InnerFirst>
NR_DEVICE float of_slice(const float* tile, int outer, int inner)
{
    return InnerFirst ? tile[inner * (Outer + 8) + outer] : tile[outer * SliceStride + inner];
}

// The warp's first row and column in the tile.
NR_DEVICE int warp_row() { return (threadIdx.x >> 7) * 32; }
NR_DEVICE int warp_column() { return (threadIdx.x >> 5 & 3) * 32; }

// sums[m][n] = the warp's products of rows 16m .. and columns 8n .., as nr_mma_tf32 lays them out.
//   Visitor: (a, b) sees the lane's operands of eight inner elements, rows a[m] and columns b[n].
template <bool Exact, int Tiles, bool LeftInnerFirst, bool RightInnerFirst, class Visitor>
NR_DEVICE void block_product(const product_operand<LeftInnerFirst>& left, const product_operand<RightInnerFirst>& right, int row0,
    int column0, float* shared, float (&sums)[Tiles][4][4], Visitor visit)
{
    constexpr int Threads = ProductThreads<Tiles>;
    const int g = (threadIdx.x & 31) >> 2, t = threadIdx.x & 3, slices = (left.inners + SliceInner - 1) / SliceInner;
    const int own_row = warp_row() + g, own_column = warp_column() + g;
    const auto load = [&](int slice)
    {
        if (slice < slices)
        {
            float* const stage = shared + slice % Stages * StageFloats;
            load_slice<Threads, ProductRows>(left, row0, slice * SliceInner, stage);
            load_slice<Threads, ProductColumns>(right, column0, slice * SliceInner, stage + LeftFloats);
        }
        nr_copy_async_commit();
    };
#pragma unroll
    for (int m = 0; m < Tiles; m++)
#pragma unroll
        for (int n = 0; n < 4; n++) sums[m][n][0] = sums[m][n][1] = sums[m][n][2] = sums[m][n][3] = 0.0f;
#pragma unroll
    for (int slice = 0; slice < Stages - 1; slice++) load(slice);
    for (int slice = 0; slice < slices; slice++)
    {
        nr_copy_async_wait<Stages - 2>();
        __syncthreads(); // the slice is there, and the one before it is done with
        load(slice + Stages - 1);
        const float *const a_tile = shared + slice % Stages * StageFloats, *const b_tile = a_tile + LeftFloats;
#pragma unroll 2
        for (int k = 0; k < SliceInner; k += 8)
        {
            float a[Tiles][4], b[4][2];
#pragma unroll
            for (int m = 0; m < Tiles; m++)
#pragma unroll
                for (int i = 0; i < 4; i++)
                    a[m][i] = of_slice<ProductRows, LeftInnerFirst>(a_tile, own_row + 16 * m + i % 2 * 8, k + t + i / 2 * 4);
#pragma unroll
            for (int n = 0; n < 4; n++)
#pragma unroll
                for (int i = 0; i < 2; i++) b[n][i] = of_slice<ProductColumns, RightInnerFirst>(b_tile, own_column + 8 * n, k + t + i * 4);
            visit(a, b);
            operand<Exact, 2> y[4];
#pragma unroll
            for (int n = 0; n < 4; n++) y[n] = operand<Exact, 2>(b[n]);
#pragma unroll
            for (int m = 0; m < Tiles; m++)
            {
                const operand<Exact, 4> x(a[m]);
#pragma unroll
                for (int n = 0; n < 4; n++) multiply(sums[m][n], x, y[n]);
            }
        }
    }
}
