// y[o, c, r] = x[o, r, c] · scale[o]: feature maps NCHW to NHWC (rows = channels, columns = pixels) and back,
// filters [O, I, k, k] to [O, k, k, I] and back
//   x      [outer, rows, columns]  f32  row-major
//   y      [outer, columns, rows]  f32  row-major
//   scale  [outer]                 f32, or null: 1
// mapping   blockIdx.x = tile of 32 columns, y = tile of 32 rows, blocks of z stride over outer; 32 × 8 threads
// shared    static: 4224 bytes
// numerics  copies, or one product
// limits    any sizes, also 0; rows at most 32 · 65535
// reference src/NativeRetrieval.Core/Cpu/ToLayout.cs
#include "common/types.cuh"

extern "C" __global__ void __launch_bounds__(256) to_layout_forward_f32(
    const float* __restrict__ x, const float* __restrict__ scale, float* __restrict__ y, int outer, int rows, int columns)
{
    __shared__ float tile[32][33]; // 33: a column's elements lie in different banks
    const int lane = threadIdx.x & 31, line = threadIdx.x >> 5;
    const int first_row = blockIdx.y * 32, first_column = blockIdx.x * 32;
    for (int o = blockIdx.z; o < outer; o += gridDim.z)
    {
        const size_t start = (size_t)o * rows * columns;
        const float factor = scale ? scale[o] : 1.0f;
        for (int r = line; r < 32; r += 8)
            if (first_row + r < rows && first_column + lane < columns)
                tile[r][lane] = x[start + (size_t)(first_row + r) * columns + first_column + lane] * factor;
        __syncthreads();
        for (int c = line; c < 32; c += 8)
            if (first_column + c < columns && first_row + lane < rows)
                y[start + (size_t)(first_column + c) * rows + first_row + lane] = tile[lane][c];
        __syncthreads(); // the next tile takes this one's place
    }
}
