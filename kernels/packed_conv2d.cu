// y[o, i] = x[o, i] · scale[o]: filters with the scale of a batch norm folded in
//   x      [filters, width]  f32  row-major
//   scale  [filters]         f32
//   y      [filters, width]  f32  row-major
// mapping   blocks stride over filters, their threads over the elements of one; any grid, blocks of 256
// shared    none
// numerics  one product
// limits    any sizes, also 0
// reference src/NativeRetrieval.Core/Cpu/PackedConv2d.cs
#include "common/types.cuh"

extern "C" __global__ void __launch_bounds__(256) packed_conv2d_weight_f32(
    const float* __restrict__ x, const float* __restrict__ scale, float* __restrict__ y, int filters, long long width)
{
    for (int o = blockIdx.x; o < filters; o += gridDim.x)
    {
        const float factor = scale[o];
        for (long long i = threadIdx.x; i < width; i += blockDim.x) y[o * width + i] = x[o * width + i] * factor;
    }
}
