using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.FeatureMaps;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>Sums of chunks, the maps and their gradient are <see cref="BatchNorm"/>'s.</remarks>
internal sealed partial class CudaBackend
{
    public void SynchronizedBatchNormSums(Tensor x, Tensor? lengths, BatchNormOptions options, Tensor sums)
    {
        var map = ChannelsInnermost.Of(x, options.Axis);
        using var partials = Partials(x, lengths, map);
        SumOfChunks(partials, map, null, lengths, sums);
    }

    public void SynchronizedBatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor sums, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var map = ChannelsInnermost.Of(x, options.Axis, y, weight, bias);
        Launch("synchronized_batch_norm", "synchronized_batch_norm_statistics_f32", Ceil(map.Channels, Block), Block, 0,
            sums.Address, F32(runningMean), F32(runningVariance), options.Epsilon, options.Momentum, F32(mean), F32(inverseDeviation),
            map.Channels);
        Normalise(x, weight, bias, mean, inverseDeviation, lengths, options, map, y);
    }

    public void SynchronizedBatchNormGradientSums(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor sums)
    {
        var map = ChannelsInnermost.Of(x, options.Axis, dy, weight, bias);
        using var partials = GradientPartials(dy, x, weight, bias, mean, inverseDeviation, lengths, options, map);
        SumOfChunks(partials, map, mean, lengths, sums);
    }

    public void SynchronizedBatchNormBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor own, Tensor all, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var map = ChannelsInnermost.Of(x, options.Axis, dy, dx, weight, bias);
        using var terms = Tensor.Empty([2, map.Channels], device);
        Launch("synchronized_batch_norm", "synchronized_batch_norm_terms_f32", Ceil(map.Channels, Block), Block, 0,
            own.Address, all.Address, F32(weight), F32(mean), F32(inverseDeviation), F32(dWeight), F32(dBias), F32(terms), map.Channels);
        InputGradient(dy, x, weight, bias, mean, inverseDeviation, lengths, options, map, terms, dx);
    }

    /// <param name="mean">Centre of the second sum; null: it is a sum of squares.</param>
    void SumOfChunks(Tensor partials, in ChannelsInnermost map, Tensor? mean, Tensor? lengths, Tensor sums) =>
        Launch("synchronized_batch_norm", "synchronized_batch_norm_sums_f32", Ceil(map.Channels, TotalsChannels), TotalsBlock, 0,
            partials.Address, partials.Shape[0], F32OrNull(mean), IntsOrNull(lengths), sums.Address, map.Clips, map.Frames, map.Width,
            map.Channels);
}
