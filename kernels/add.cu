// y = a + scale · b
//   a  [count]  f32 or bf16  memory order
//   b  [count]  like a       memory order
//   y  [count]  like a       memory order
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  one rounding per operation, or one for both (fused multiply-add); bf16: one more at the store
// limits    any count, also 0; y may be a
// reference src/NativeRetrieval.Core/Cpu/Add.cs
#include "common/elementwise.cuh"

template <class T>
NR_DEVICE void forward(const T* a, const T* b, float scale, T* y, long long count)
{
    for_each(a, b, y, count, [scale](float left, float right) { return left + scale * right; });
}

extern "C" __global__ void __launch_bounds__(256) add_forward_f32(const float* a, const float* b, float scale, float* y, long long count)
{
    forward(a, b, scale, y, count);
}

extern "C" __global__ void __launch_bounds__(256) add_forward_bf16(const bf16* a, const bf16* b, float scale, bf16* y, long long count)
{
    forward(a, b, scale, y, count);
}
