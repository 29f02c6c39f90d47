// NHWC feature maps, a group of neighbouring channels at a time: a pack where the channels are a multiple of one, else a single channel.
// A thread keeps its group and strides over pixels, so that what belongs to a channel is read once and stays in registers.
//   packed: the host's word that channels are a multiple of a pack and all addresses of 16 (CudaBackend.InPacks)
#pragma once
#include "common/frames.cuh"
#include "common/storage.cuh"

template <int Size, class T>
NR_DEVICE void load_channels(const T* source, float (&values)[Size])
{
    if constexpr (Size == 1) values[0] = to_float(*source);
    else
    {
        const pack<T> loaded = load_pack(source);
#pragma unroll
        for (int k = 0; k < Size; k++) values[k] = loaded.values[k];
    }
}

template <int Size, class T>
NR_DEVICE void store_channels(T* target, const float (&values)[Size])
{
    if constexpr (Size == 1) store(target, values[0]);
    else
    {
        pack<T> stored;
#pragma unroll
        for (int k = 0; k < Size; k++) stored.values[k] = values[k];
        store_pack(target, stored);
    }
}

// A thread's first channel and first pixel, and how many pixels it steps over.
struct map_part
{
    int channel;
    unsigned pixel, stride;
};

// All threads of a one-dimensional grid side by side over the groups of a pixel, then over the next pixels: neighbours touch neighbours.
// The grid has a thread for each group of a pixel at least; those left over have no pixel.
template <int Size>
NR_DEVICE map_part part_of_grid(int channels)
{
    const unsigned groups = channels / Size, thread = blockIdx.x * blockDim.x + threadIdx.x, pixel = thread / groups;
    const unsigned stride = gridDim.x * blockDim.x / groups;
    return { (int)(thread % groups) * Size, pixel < stride ? pixel : 0xffffffffu, stride };
}

// True for a pixel in a clip's own frames; a clip has frames * width pixels, its own are the first.
NR_DEVICE bool is_real(const int* __restrict__ lengths, unsigned pixel, int frames, int width)
{
    if (!lengths) return true;
    const unsigned pixels = frames * width, clip = pixel / pixels;
    return pixel - clip * pixels < (unsigned)(own_frames(lengths, clip, frames) * width);
}
