using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Sampled;

/// <summary>
/// A batch norm with what is fused with it, on random numbers, in float64: some channels, or all behind a first convolution, whose input
/// gets a gradient from each. Every second clip has padding.
/// </summary>
internal sealed class ExactBatchNorm
{
    /// <summary>Mean of the maps, and what no entry of theirs is above.</summary>
    public const double Mean = 0.25, Largest = 1.25;

    const int MostChannels = 4;

    readonly BatchNormSizes _norm;
    readonly double[][] _gradients;

    /// <param name="stored">Type of feature maps on the device.</param>
    public ExactBatchNorm(BatchNormSizes norm, DType stored)
    {
        _norm = norm;
        (Map, Pooled) = (new(norm.Maps, norm.Options.Axis), new(norm.Results, norm.Options.Axis));
        Sampled = norm.Kernels is not null || Map.Channels <= MostChannels ? [.. Enumerable.Range(0, Map.Channels)]
            : [.. Enumerable.Range(0, 4 * MostChannels).Select(i => SampledOperations.Place(5, i, Map.Channels)).Distinct()
                .Take(MostChannels)];
        Own = [.. Enumerable.Range(0, Map.Clips).Select(clip => Map.Frames - clip % 2 * (Map.Frames / 4))];
        (Gain, Bias) = (new([Map.Channels], 11, DType.Float32, 1, 0.5), new([Map.Channels], 12, DType.Float32, 0, 0.5));
        X = norm.Kernels is null ? new(norm.Maps, 1, stored, Mean) : new([Map.Clips, 1, Map.Frames, Map.Width], 1, DType.Float32, Mean);
        Kernels = norm.Kernels is { } filters ? new(filters, 2, DType.Float32) : null;
        Residual = norm.Adds ? new(norm.Maps, 3, stored) : null;
        ResultGradient = new(norm.Results, 4, stored);
        var channels = new ExactChannel[Sampled.Length];
        Parallel.For(0, channels.Length, i =>
        {
            var (maps, largest) = Kernels is null ? (Map.Of(X.Values, Sampled[i]), Largest)
                : FirstConvolution.Of(X, Kernels, norm.Kernels!.Value, Map, Sampled[i], Largest);
            channels[i] = new(maps, Own, Map.Frames, Gain.Values[Sampled[i]], Bias.Values[Sampled[i]], norm.Options.Relu,
                norm.Options.Epsilon, largest);
        });
        (Channels, _gradients) = (channels, new double[channels.Length][]);
    }

    public ChannelMap Map { get; }

    public ChannelMap Pooled { get; }

    /// <summary>The channels that are computed.</summary>
    public int[] Sampled { get; }

    public ExactChannel[] Channels { get; }

    /// <summary>Frames of each clip that are not padding.</summary>
    public int[] Own { get; }

    public SampledOperand X { get; }

    public SampledOperand? Kernels { get; }

    public SampledOperand Gain { get; }

    public SampledOperand Bias { get; }

    /// <summary>Also the result that backward knows by what the rectifier passed: any numbers will do.</summary>
    public SampledOperand? Residual { get; }

    public SampledOperand ResultGradient { get; }

    /// <summary>An entry of the result.</summary>
    /// <param name="i">Place of the channel among those that are computed.</param>
    public double Result(int i, int clip, int row, int column)
    {
        int window = _norm.Pooling.Window;
        if (Residual is not null)
            return Math.Max(Channels[i].Normalised(Channels[i].At(clip, row, column))
                + Residual.Values[Map.Place(clip, Sampled[i], row) + column], 0);
        if (row >= Own[clip] / window) return 0;
        double sum = 0;
        for (int k = 0; k < window * window; k++) sum += Channels[i].Normalised(InWindow(i, clip, row, column, k));
        return sum / (window * window) * Kept(Sampled[i], clip, row, column);
    }

    /// <summary>
    /// Backward with statistics as they are stored. Entries of the result's gradient whose rectifier rounding alone could decide are
    /// cleared.
    /// </summary>
    /// <returns>The number of those.</returns>
    public int Differentiate()
    {
        int leftOut = 0;
        Parallel.For(0, Channels.Length, i =>
        {
            Channels[i].RoundStatistics();
            Interlocked.Add(ref leftOut, Spread(i));
            Channels[i].Differentiate(_gradients[i]);
        });
        return leftOut;
    }

    public double InputGradient(int i, int clip, int row, int column) => Channels[i].InputGradient(Channels[i].At(clip, row, column));

    public double ResidualGradient(int i, int clip, int row, int column) => _gradients[i][Channels[i].At(clip, row, column)];

    /// <summary>The gradient of a channel's normalised maps, in front of their rectifier's mask.</summary>
    int Spread(int i)
    {
        int window = _norm.Pooling.Window, leftOut = 0;
        double[] gradient = _gradients[i] = new double[Map.Clips * Map.Frames * Map.Width];
        float[] ofResult = ResultGradient.Values;
        for (int clip = 0; clip < Map.Clips; clip++)
            for (int row = 0; row < Pooled.Frames; row++)
            {
                if (Residual is null && row >= Own[clip] / window) break;
                for (int column = 0; column < Pooled.Width; column++)
                {
                    int at = Pooled.Place(clip, Sampled[i], row) + column;
                    if (Residual is not null && !(Residual.Values[at] > 0)) continue;
                    for (int k = 0; k < window * window; k++)
                        if (ofResult[at] != 0 && Channels[i].IsUndecided(InWindow(i, clip, row, column, k)))
                        {
                            ofResult[at] = 0;
                            leftOut++;
                        }
                    double share = ofResult[at] * Kept(Sampled[i], clip, row, column) / (window * window);
                    for (int k = 0; k < window * window; k++) gradient[InWindow(i, clip, row, column, k)] = share;
                }
            }
        return leftOut;
    }

    int InWindow(int i, int clip, int row, int column, int k)
    {
        int window = _norm.Pooling.Window;
        return Channels[i].At(clip, row * window + k / window, column * window + k % window);
    }

    /// <summary>Dropout's factor of an entry; entries are numbered with channels innermost.</summary>
    double Kept(int channel, int clip, int row, int column)
    {
        double probability = _norm.Pooling.Dropout;
        if (probability == 0) return 1;
        long pixel = ((long)clip * Pooled.Frames + row) * Pooled.Width + column;
        return _norm.Pooling.Stream.Uniform((ulong)(pixel * Map.Channels + channel)) < probability ? 0 : 1 / (1 - probability);
    }
}
