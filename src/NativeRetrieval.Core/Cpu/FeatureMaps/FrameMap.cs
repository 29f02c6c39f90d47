using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>The axes of a feature map [N, C, H = frames, W] and how many frames of each clip are real.</summary>
internal readonly struct FrameMap
{
    readonly Tensor? _lengths;

    public FrameMap(Tensor x, Tensor? lengths, int channelAxis = 1)
    {
        (Clips, Height, Width) = (x.Shape[0], x.Shape[2], x.Shape[3]);
        ChannelsLast = channelAxis == 3;
        Channels = x.Shape[channelAxis];
        Blocks = (Channels + CpuBackend.ChannelBlock - 1) / CpuBackend.ChannelBlock;
        _lengths = lengths;
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
    public int Frames(int clip) => _lengths is null ? Height : Math.Clamp(_lengths.Span<int>()[clip], 0, Height);

    /// <summary>The runs of memory that hold a channel of row-major maps, clip by clip and frame by frame.</summary>
    public ChannelRuns Runs(int channel) => new(this, channel);
}

/// <summary>Walks the runs of memory of one channel: where a run starts, its elements, and whether its frame is a clip's own.</summary>
internal struct ChannelRuns(FrameMap map, int channel)
{
    int _clip, _frame = -1;

    public readonly ChannelRuns GetEnumerator() => this;

    public readonly (long Start, int Count, bool Real) Current => map.ChannelsLast
        ? (((long)_clip * map.Height + _frame) * map.Channels + channel, 1, _frame < map.Frames(_clip))
        : ((((long)_clip * map.Channels + channel) * map.Height + _frame) * map.Width, map.Width, _frame < map.Frames(_clip));

    public bool MoveNext()
    {
        if (++_frame == map.Height) (_clip, _frame) = (_clip + 1, 0);
        return _clip < map.Clips && map.Height > 0;
    }
}
