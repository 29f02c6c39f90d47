using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.FeatureMaps;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>Channels are the innermost axis: NHWC feature maps, or the mel bins of [N, 1, T, F].</remarks>
internal sealed partial class CudaBackend
{
    /// <summary>Threads of a block that adds chunks, and channels that it adds them for.</summary>
    const int TotalsBlock = 512, TotalsChannels = 8;

    public void BatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var map = ChannelsInnermost.Of(x, options.Axis, y, weight, bias);
        Statistics(x, runningMean, runningVariance, lengths, options, mean, inverseDeviation);
        Normalise(x, weight, bias, mean, inverseDeviation, lengths, options, map, y);
    }

    void Normalise(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths, BatchNormOptions options,
        in ChannelsInnermost map, Tensor y) =>
        Launch("batch_norm", Stored(x, "batch_norm_apply_f32", "batch_norm_apply_bf16"), Stride(map.Pixels, map.Groups), Block, 0,
            Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths), options.Relu ? 1 : 0,
            Activations(y), map.Clips, map.Frames, map.Width, map.Channels, map.Packed);

    public void BatchNormBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var map = ChannelsInnermost.Of(x, options.Axis, dy, dx, weight, bias);
        using var partials = GradientPartials(dy, x, weight, bias, mean, inverseDeviation, lengths, options, map);
        InputGradient(dy, x, weight, bias, mean, inverseDeviation, lengths, options, map, partials, dx, dWeight, dBias);
    }

    /// <summary>dγ, dβ and dx from the sums of chunks.</summary>
    void InputGradient(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, in ChannelsInnermost map, Tensor partials, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        using var terms = Tensor.Empty([2, map.Channels], device);
        GradientSums(partials, map, weight, mean, inverseDeviation, lengths, options, dWeight, dBias, terms);
        InputGradient(dy, x, weight, bias, mean, inverseDeviation, lengths, options, map, terms, dx);
    }

    /// <summary>dx from its terms.</summary>
    void InputGradient(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, in ChannelsInnermost map, Tensor terms, Tensor dx) =>
        Launch("batch_norm", Stored(x, "batch_norm_backward_f32", "batch_norm_backward_bf16"), Stride(map.Pixels, map.Groups), Block, 0,
            Activations(dy), Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), F32(terms), IntsOrNull(lengths),
            options.Relu ? 1 : 0, Activations(dx), map.Clips, map.Frames, map.Width, map.Channels, map.Packed);

    /// <summary>Σ dz and Σ dz·x of chunks of pixels, float64 [chunks, 2, C].</summary>
    Tensor GradientPartials(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, in ChannelsInnermost map)
    {
        int chunks = map.Chunks(map.Pixels);
        var partials = Tensor.Empty([chunks, 2, map.Channels], device, DType.Float64);
        Launch("batch_norm", Stored(x, "batch_norm_gradient_partial_f32", "batch_norm_gradient_partial_bf16"), (map.Shares, chunks, 1),
            Block, 0, Activations(dy), Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths),
            options.Relu ? 1 : 0, partials.Address, map.Clips, map.Frames, map.Width, map.Channels, map.Packed);
        return partials;
    }

    /// <summary>Σ x and Σ x² of chunks of pixels, float64 [chunks, 2, C].</summary>
    Tensor Partials(Tensor x, Tensor? lengths, in ChannelsInnermost map)
    {
        int chunks = map.Chunks(map.Pixels);
        var partials = Tensor.Empty([chunks, 2, map.Channels], device, DType.Float64);
        Launch("batch_norm", Stored(x, "batch_norm_partial_f32", "batch_norm_partial_bf16"), (map.Shares, chunks, 1), Block, 0,
            Activations(x), IntsOrNull(lengths), partials.Address, map.Clips, map.Frames, map.Width, map.Channels, map.Packed);
        return partials;
    }

    /// <summary>Mean and 1/√(σ² + ε): the batch's, which move the running ones, or those.</summary>
    void Statistics(Tensor x, Tensor runningMean, Tensor runningVariance, Tensor? lengths, BatchNormOptions options, Tensor mean,
        Tensor inverseDeviation)
    {
        var map = ChannelsInnermost.Of(x, options.Axis);
        using var partials = options.Training ? Partials(x, lengths, map) : null;
        Launch("batch_norm", "batch_norm_statistics_f32", Ceil(map.Channels, TotalsChannels), TotalsBlock, 0,
            partials?.Address ?? 0, partials?.Shape[0] ?? 0, IntsOrNull(lengths), F32(runningMean), F32(runningVariance),
            options.Epsilon, options.Momentum, F32(mean), F32(inverseDeviation), map.Clips, map.Frames, map.Width, map.Channels);
    }

    /// <summary>dγ, dβ and the terms of dx from the sums of chunks.</summary>
    void GradientSums(Tensor partials, in ChannelsInnermost map, Tensor weight, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, Tensor dWeight, Tensor dBias, Tensor terms) =>
        Launch("batch_norm", "batch_norm_sums_f32", Ceil(map.Channels, TotalsChannels), TotalsBlock, 0,
            partials.Address, partials.Shape[0], F32(weight), F32(mean), F32(inverseDeviation), IntsOrNull(lengths),
            options.Training ? 1 : 0, F32(dWeight), F32(dBias), F32(terms), map.Clips, map.Frames, map.Width, map.Channels);
}
