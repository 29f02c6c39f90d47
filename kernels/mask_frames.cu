// y = x in a clip's own frames, 0 in the padding behind them
//   x        [clips, planes, frames, elements]  f32 or bf16  NHWC: 1 plane, elements width · channels; NCHW: planes channels
//   y        [clips, planes, frames, elements]  like x       like x
//   lengths  [clips]                            i32          own frames
// mapping   one block per frame of a plane, threads stride over its packs, or over its elements where they are no whole packs
// shared    none
// numerics  exact
// limits    any sizes, also 0; a length outside 0 … frames counts as the nearer end; y may be x: only the padding is written
// reference src/NativeRetrieval.Core/Cpu/MaskFrames.cs
#include "common/feature_map.cuh"

template <class T, int Size>
NR_DEVICE void forward(const T* x, const int* __restrict__ lengths, T* y, int planes, int frames, int elements)
{
    const int frame = blockIdx.x % frames, clip = blockIdx.x / frames / planes;
    const bool real = frame < own_frames(lengths, clip, frames);
    if (real && x == y) return;
    const size_t first = (size_t)blockIdx.x * elements;
    for (int i = threadIdx.x * Size; i < elements; i += blockDim.x * Size)
    {
        float values[Size] = {};
        if (real) load_channels(x + first + i, values);
        store_channels(y + first + i, values);
    }
}

#define ENTRY_POINTS(T)                                                                                                              \
    extern "C" __global__ void __launch_bounds__(256) mask_frames_forward_##T(                                                       \
        const T* x, const int* __restrict__ lengths, T* y, int planes, int frames, int elements, int packed)                         \
    {                                                                                                                                \
        if (packed) forward<T, pack<T>::Size>(x, lengths, y, planes, frames, elements);                                              \
        else forward<T, 1>(x, lengths, y, planes, frames, elements);                                                                 \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
