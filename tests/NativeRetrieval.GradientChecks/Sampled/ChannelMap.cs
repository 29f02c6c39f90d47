using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>Rows of channels in row-major feature maps [N, C, H, W], or in spectrograms [N, 1, T, F] whose channels are the bins.</summary>
internal readonly struct ChannelMap(Shape maps, int axis)
{
    public int Clips { get; } = maps[0];

    public int Channels { get; } = maps[axis];

    public int Frames { get; } = maps[2];

    /// <summary>Entries of a channel's row, which lie one behind the other.</summary>
    public int Width { get; } = axis == 1 ? maps[3] : 1;

    /// <summary>The first entry of a row.</summary>
    public int Place(int clip, int channel, int frame) =>
        axis == 1 ? ((clip * Channels + channel) * Frames + frame) * Width : (clip * Frames + frame) * Channels + channel;

    /// <summary>A channel's entries, [clips, frames, width].</summary>
    public double[] Of(float[] values, int channel)
    {
        double[] entries = new double[Clips * Frames * Width];
        for (int row = 0; row < Clips * Frames; row++)
        {
            int place = Place(row / Frames, channel, row % Frames);
            for (int column = 0; column < Width; column++) entries[row * Width + column] = values[place + column];
        }
        return entries;
    }
}
