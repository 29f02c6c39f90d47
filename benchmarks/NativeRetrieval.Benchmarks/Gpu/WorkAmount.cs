using NativeRetrieval.Encoders;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// Arithmetic of the plain algorithms in gigaflop, two for each multiply-add of a convolution or matrix product; all else is small
/// beside it.
/// </summary>
internal static class WorkAmount
{
    static readonly int[] _residualBlocks = [3, 4, 6, 3];

    public static double Product(double m, double n, double k) => 2 * m * n * k / 1e9;

    /// <summary>One clip's forward pass.</summary>
    public static double Cnn14(Cnn14Config config, int frames)
    {
        double sum = 0;
        int channels = 1, bins = config.MelBins;
        foreach (int width in config.Channels)
        {
            sum += Convolution(channels, width, 9, frames, bins) + Convolution(width, width, 9, frames, bins);
            (channels, frames, bins) = (width, frames / 2, bins / 2);
        }
        return sum;
    }

    /// <summary>One clip's forward pass.</summary>
    public static double ResNet38(ResNet38Config config, int frames)
    {
        int bins = config.MelBins, channels = config.Channels[0];
        double sum = Convolution(1, channels, 9, frames, bins) + Convolution(channels, channels, 9, frames, bins);
        (frames, bins) = (frames / 2, bins / 2);
        for (int layer = 0; layer < _residualBlocks.Length; layer++)
        {
            int width = config.Channels[layer + 1];
            if (layer > 0) (frames, bins) = (frames / 2, bins / 2);
            if (layer > 0 || channels != width) sum += Convolution(channels, width, 1, frames, bins);
            sum += Convolution(channels, width, 9, frames, bins)
                + (2 * _residualBlocks[layer] - 1) * Convolution(width, width, 9, frames, bins);
            channels = width;
        }
        return sum + Convolution(channels, config.Width, 9, frames / 2, bins / 2)
            + Convolution(config.Width, config.Width, 9, frames / 2, bins / 2);
    }

    /// <summary>One sentence's forward pass.</summary>
    public static double Bert(BertConfig config, int tokens) =>
        config.Layers * (4 * Product(tokens, config.Width, config.Width)
            + 2 * Product(tokens, config.HiddenWidth, config.Width) + 2 * Product(tokens, tokens, config.Width));

    static double Convolution(int inputs, int outputs, int taps, int frames, int bins) =>
        Product(outputs, (double)frames * bins, (double)inputs * taps);
}
