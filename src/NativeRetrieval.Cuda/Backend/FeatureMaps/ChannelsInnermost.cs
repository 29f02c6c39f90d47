using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.FeatureMaps;

/// <summary>
/// [clips, frames, width, channels] in memory order, gone through by groups of neighbouring channels: packs of 16 bytes, or one by one.
/// </summary>
/// <param name="Groups">Groups of a pixel.</param>
/// <param name="Packed">1: groups are packs.</param>
internal readonly record struct ChannelsInnermost(int Clips, int Frames, int Width, int Channels, int Groups, int Packed)
{
    /// <summary>Blocks that sum, whatever the device, so that sums are the same on each; fewer where pixels are few.</summary>
    const int SummingBlocks = 1024;

    /// <summary>Neighbouring groups that a block of 256 threads sums at most; its other threads take other pixels.</summary>
    const int GroupsPerShare = 64, Threads = 256, PixelsPerThread = 4;

    public int Pixels => checked(Clips * Frames * Width);

    /// <summary>Parts of the channels, each a column of blocks that sum.</summary>
    public int Shares => (Groups + GroupsPerShare - 1) / GroupsPerShare;

    /// <summary>Chunks that pixels, or windows of them, are summed in.</summary>
    public int Chunks(int pixels)
    {
        int rows = Threads / ((Groups + Shares - 1) / Shares);
        return Math.Clamp((int)(((long)pixels + rows * PixelsPerThread - 1) / (rows * PixelsPerThread)), 1, Math.Max(1, SummingBlocks / Shares));
    }

    /// <param name="axis">The channels' axis: 1, or 3 for mel bins.</param>
    /// <param name="others">Tensors that are read and written beside x, in the same packs.</param>
    /// <exception cref="ShapeException">Several channels, each a plane of its own.</exception>
    public static ChannelsInnermost Of(Tensor x, int axis, params ReadOnlySpan<Tensor> others)
    {
        if (axis != 3 && x.Layout != Layout.NHWC && x.Shape[1] > 1)
            throw new ShapeException($"BatchNorm: feature maps on {x.Device} must be {Layout.NHWC}, got {x.Describe()}; "
                + "convert it by Op.ToLayout");
        int channels = x.Shape[axis], packed = CudaBackend.InPacks(channels, x, others);
        return new(x.Shape[0], x.Shape[2], axis == 3 ? 1 : x.Shape[3], channels, CudaBackend.Groups(channels, packed, x), packed);
    }
}
