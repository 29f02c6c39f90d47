// y[r, part, c] = the parts of x[r, c]: hi, x rounded to TF32, and lo, x − hi rounded to TF32; order 0: hi, hi, lo; order 1: hi, lo, hi.
// Of infinity and NaN the other two parts are 0.
// Products of matrices are cuBLASLt's and convolutions cuDNN's: of split operands they have float32's accuracy on TF32's tensor cores.
//   x  [rows, columns]     f32  row-major
//   y  [rows, 3, columns]  f32  row-major
// mapping   a thread strides over packs of 16 bytes, or over elements where rows are no whole packs; any grid, blocks of 256
// shared    none
// numerics  to nearest, ties away from 0; hi + lo lacks at most 2⁻²³ of x. A product with infinity is what it is in float32, but NaN where
//           the other factor's hi is 0: for denormal numbers below 2⁻¹³⁷
// limits    any sizes, also 0
// reference src/NativeRetrieval.Core/Cpu/MatMul.cs
#include "common/storage.cuh"
#include "common/tf32_parts.cuh"

NR_DEVICE void store_parts(float* y, long long at, long long step, float value, int order)
{
    const tf32_parts p = split(value);
    y[at] = p.high;
    y[at + step] = order == 0 ? p.again : p.low;
    y[at + 2 * step] = order == 0 ? p.low : p.again;
}

extern "C" __global__ void __launch_bounds__(256) mat_mul_split_f32(
    const float* __restrict__ x, float* __restrict__ y, long long rows, long long columns, int order)
{
    const bool packed = columns % 4 == 0 && is_aligned(x) && is_aligned(y);
    const long long width = packed ? columns / 4 : columns, count = rows * width, threads = (long long)gridDim.x * blockDim.x;
    const long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (first >= count) return;
    // A step of all threads, in whole rows and the rest: no division on the way.
    const long long step_rows = threads / width, step_columns = threads % width;
    long long row = first / width, column = first % width;
    for (long long i = first; i < count; i += threads)
    {
        const long long at = row * 3 * width + column;
        if (packed)
        {
            const pack<float> values = load_pack(x + i * 4);
            pack<float> high, again, low;
#pragma unroll
            for (int k = 0; k < 4; k++)
            {
                const tf32_parts p = split(values.values[k]);
                high.values[k] = p.high;
                again.values[k] = p.again;
                low.values[k] = p.low;
            }
            store_pack(y + at * 4, high);
            store_pack(y + (at + width) * 4, order == 0 ? again : low);
            store_pack(y + (at + 2 * width) * 4, order == 0 ? low : again);
        }
        else store_parts(y, at, width, x[i], order);
        row += step_rows;
        column += step_columns;
        if (column >= width)
        {
            column -= width;
            row++;
        }
    }
}
