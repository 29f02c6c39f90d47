using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>The axes of a feature map [N, C, H = frames, W] and how many frames of each clip are real.</summary>
internal sealed class FrameMap
{
    readonly int[]? _lengths;

    public FrameMap(Tensor x, Tensor? lengths, int channelAxis = 1)
    {
        (Clips, Height, Width) = (x.Shape[0], x.Shape[2], x.Shape[3]);
        ChannelsLast = channelAxis == 3;
        Channels = x.Shape[channelAxis];
        Blocks = (Channels + CpuBackend.ChannelBlock - 1) / CpuBackend.ChannelBlock;
        _lengths = lengths?.Span<int>().ToArray();
        for (int clip = 0; clip < Clips; clip++) RealPixels += (long)Frames(clip) * (ChannelsLast ? 1 : Width);
    }

    public int Clips { get; }
    public int Channels { get; }
    public int Blocks { get; }
    public int Height { get; }
    public int Width { get; }

    /// <summary>True where the channels are the innermost axis: the mel bins of [N, 1, T, F].</summary>
    public bool ChannelsLast { get; }

    /// <summary>Values behind each channel's statistics.</summary>
    public long RealPixels { get; }

    /// <summary>Floats of one 16-channel block of one clip.</summary>
    public int BlockFloats => Height * Width * CpuBackend.ChannelBlock;

    /// <summary>Real frames of a clip; lengths outside 0 … H count as the nearer end.</summary>
    public int Frames(int clip) => _lengths is null ? Height : Math.Clamp(_lengths[clip], 0, Height);
}
