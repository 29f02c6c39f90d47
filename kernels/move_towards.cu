// target += share · (goal − target)
//   target  [count]  f32  memory order
//   goal    [count]  f32  memory order
// mapping   threads stride over packs of 16 bytes (common/elementwise.cuh); any grid, blocks of 256
// shared    none
// numerics  the difference is rounded, then product and sum, or both at once (fused multiply-add)
// limits    any count, also 0
// reference src/NativeRetrieval.Core/Cpu/MoveTowards.cs
#include "common/elementwise.cuh"

extern "C" __global__ void __launch_bounds__(256) move_towards_forward_f32(float* target, const float* goal, float share, long long count)
{
    for_each<float>(target, goal, target, count, [share](float own, float other) { return own + share * (other - own); });
}
