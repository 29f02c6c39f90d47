// y[o, c, r] = x[o, r, c]: feature maps NCHW to NHWC (rows = channels, columns = pixels) and back, filters [O, I, k, k] to [O, k, k, I]
// and back
//   x      [outer, rows, columns]  f32 or bf16  row-major
//   y      [outer, columns, rows]  like x       row-major
// mapping   blockIdx.x = tile of 32 columns, y = tile of 32 rows, blocks of z stride over outer; 32 × 8 threads
// shared    static: 4224 bytes, half of it for bf16
// numerics  copies
// limits    any sizes, also 0; rows at most 32 · 65535
// reference src/NativeRetrieval.Core/Cpu/ToLayout.cs
#include "common/types.cuh"

template <class T>
NR_DEVICE void transpose(const T* __restrict__ x, T* __restrict__ y, int outer, int rows, int columns)
{
    __shared__ T tile[32][33]; // 33: a column's elements lie in different banks
    const int lane = threadIdx.x & 31, line = threadIdx.x >> 5;
    const int first_row = blockIdx.y * 32, first_column = blockIdx.x * 32;
    for (int o = blockIdx.z; o < outer; o += gridDim.z)
    {
        const size_t start = (size_t)o * rows * columns;
        for (int r = line; r < 32; r += 8)
            if (first_row + r < rows && first_column + lane < columns)
                tile[r][lane] = x[start + (size_t)(first_row + r) * columns + first_column + lane];
        __syncthreads();
        for (int c = line; c < 32; c += 8)
            if (first_column + c < columns && first_row + lane < rows)
                y[start + (size_t)(first_column + c) * rows + first_row + lane] = tile[lane][c];
        __syncthreads(); // the next tile takes this one's place
    }
}

extern "C" __global__ void __launch_bounds__(256) to_layout_forward_f32(
    const float* __restrict__ x, float* __restrict__ y, int outer, int rows, int columns)
{
    transpose(x, y, outer, rows, columns);
}

extern "C" __global__ void __launch_bounds__(256) to_layout_forward_bf16(
    const bf16* __restrict__ x, bf16* __restrict__ y, int outer, int rows, int columns)
{
    transpose(x, y, outer, rows, columns);
}
