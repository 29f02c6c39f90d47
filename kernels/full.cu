// y = value
//   y  [count]  f32  memory order
// mapping   threads stride over elements; any grid, blocks of 256
// shared    none
// numerics  exact
// limits    any count, also 0
// reference src/NativeRetrieval.Core/Cpu/Full.cs
#include "common/types.cuh"

extern "C" __global__ void __launch_bounds__(256) full_forward_f32(float value, float* y, long long count)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x) y[i] = value;
}
