// y[n, h, w] = x[n, 2h, 2w] | x[n, 2h + 1, 2w] | x[n, 2h, 2w + 1] | x[n, 2h + 1, 2w + 1]; dx the other way
//   x   [clips, height, width, channels]            f32 or bf16  row-major
//   y   [clips, height / 2, width / 2, 4, channels] like x       row-major
//   dy  [clips, height / 2, width / 2, 4, channels] like x       row-major
//   dx  [clips, height, width, channels]            like x       row-major
// mapping   threads stride over packs of 16 bytes of what is written, over elements where packs do not fit; blocks of 256
// shared    none
// numerics  exact
// limits    any sizes, also 0; height and width even; rows are counted over all clips
// reference src/NativeRetrieval.Core/Cpu/MergePatches.cs
#include "common/storage.cuh"

// target[i] = source[of(i / units, i % units)]: rows of so many units of bytes, a pack or an element each.
template <class Unit, class Place>
NR_DEVICE void move(const Unit* __restrict__ source, Unit* __restrict__ target, long long count, int units, Place of)
{
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (long long)gridDim.x * blockDim.x)
        target[i] = source[of(i / units) * units + i % units];
}

template <class T, class Place>
NR_DEVICE void move_rows(const T* __restrict__ source, T* __restrict__ target, long long count, int channels, Place of)
{
    constexpr int Size = pack<T>::Size;
    if (channels % Size == 0 && is_aligned(source) && is_aligned(target))
        move((const uint4*)source, (uint4*)target, count / Size, channels / Size, of);
    else move(source, target, count, channels, of);
}

template <class T>
NR_DEVICE void forward(const T* __restrict__ x, T* __restrict__ y, long long count, int width, int channels)
{
    move_rows(x, y, count, channels, [=](long long part)
    {
        const long long group = part / 4, row = group / (width / 2) * 2 + part % 2, column = group % (width / 2) * 2 + part % 4 / 2;
        return row * width + column;
    });
}

template <class T>
NR_DEVICE void backward(const T* __restrict__ dy, T* __restrict__ dx, long long count, int width, int channels)
{
    move_rows(dy, dx, count, channels, [=](long long pixel)
    {
        const long long row = pixel / width, column = pixel % width;
        return (row / 2 * (width / 2) + column / 2) * 4 + column % 2 * 2 + row % 2;
    });
}

#define ENTRY_POINTS(T)                                                                                \
    extern "C" __global__ void __launch_bounds__(256) merge_patches_forward_##T(                       \
        const T* __restrict__ x, T* __restrict__ y, long long count, int width, int channels)          \
    {                                                                                                  \
        forward(x, y, count, width, channels);                                                         \
    }                                                                                                  \
    extern "C" __global__ void __launch_bounds__(256) merge_patches_backward_##T(                      \
        const T* __restrict__ dy, T* __restrict__ dx, long long count, int width, int channels)        \
    {                                                                                                  \
        backward(dy, dx, count, width, channels);                                                      \
    }

typedef float f32;
ENTRY_POINTS(f32)
ENTRY_POINTS(bf16)
