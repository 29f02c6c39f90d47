// NHWC feature maps, a group of neighbouring channels at a time: a pack where the channels are a multiple of one, else a single channel.
// A thread keeps its group and strides over pixels, so that what belongs to a channel is read once and stays in registers.
//   packed: the host's word that channels are a multiple of a pack and all addresses of 16 (CudaBackend.InPacks)
#pragma once
#include "common/frames.cuh"
#include "common/storage.cuh"

// Values of a thread's channels from rows with one for each. The eight of a bf16 pack are two vectors: where two lanes have groups side by
// side, each reads every other vector of both, so that requests are whole sectors, and they swap. All threads of a warp make and use it.
template <int Size>
class parameter_reader
{
    int m_channel;
    bool m_is_lower = false, m_is_upper = false; // of two lanes with groups side by side

public:
    NR_DEVICE explicit parameter_reader(int channel) : m_channel(channel)
    {
        if constexpr (Size == 8)
        {
            const int distance = __shfl_xor_sync(0xffffffffu, channel, 1) - channel;
            m_is_lower = distance == Size && !(threadIdx.x & 1);
            m_is_upper = distance == -Size && (threadIdx.x & 1);
        }
    }

    // row: aligned as packs are.
    NR_DEVICE void operator()(const float* __restrict__ row, float (&values)[Size]) const
    {
        if constexpr (Size != 8) load_channels(row + m_channel, values);
        else
        {
            const pack<float> first = load_pack(row + m_channel - (m_is_upper ? 4 : 0));
            const pack<float> second = load_pack(row + m_channel + (m_is_lower ? 8 : 4));
#pragma unroll
            for (int i = 0; i < 4; i++)
            {
                const float swapped = __shfl_xor_sync(0xffffffffu, m_is_upper ? first.values[i] : second.values[i], 1);
                values[i] = m_is_upper ? swapped : first.values[i];
                values[4 + i] = m_is_lower ? swapped : second.values[i];
            }
        }
    }
};

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
