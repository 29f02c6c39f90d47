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
        var map = ChannelsInnermost.Of(x, options.Axis, y);
        Statistics(x, runningMean, runningVariance, lengths, options, mean, inverseDeviation);
        Launch("batch_norm", Stored(x, "batch_norm_apply_f32", "batch_norm_apply_bf16"), Stride(map.Pixels, map.Groups), Block, 0,
            Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths), options.Relu ? 1 : 0,
            Activations(y), map.Clips, map.Frames, map.Width, map.Channels, map.Packed);
    }

    public void BatchNormBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var map = ChannelsInnermost.Of(x, options.Axis, dy, dx);
        int chunks = map.Chunks(map.Pixels);
        using var partials = Tensor.Empty([chunks, 2, map.Channels], device, DType.Float64);
        Launch("batch_norm", Stored(x, "batch_norm_gradient_partial_f32", "batch_norm_gradient_partial_bf16"), (map.Shares, chunks, 1),
            Block, 0, Activations(dy), Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths),
            options.Relu ? 1 : 0, partials.Address, map.Clips, map.Frames, map.Width, map.Channels, map.Packed);
        InputGradient(dy, x, weight, bias, mean, inverseDeviation, lengths, options, map, partials, dx, dWeight, dBias);
    }

    /// <summary>dγ, dβ and dx from the sums of chunks.</summary>
    void InputGradient(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, in ChannelsInnermost map, Tensor partials, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        using var terms = Tensor.Empty([2, map.Channels], device);
        GradientSums(partials, map, weight, mean, inverseDeviation, lengths, options, dWeight, dBias, terms);
        Launch("batch_norm", Stored(x, "batch_norm_backward_f32", "batch_norm_backward_bf16"), Stride(map.Pixels, map.Groups), Block, 0,
            Activations(dy), Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), F32(terms), IntsOrNull(lengths),
            options.Relu ? 1 : 0, Activations(dx), map.Clips, map.Frames, map.Width, map.Channels, map.Packed);
    }

    /// <summary>Mean and 1/√(σ² + ε): the batch's, which move the running ones, or those.</summary>
    void Statistics(Tensor x, Tensor runningMean, Tensor runningVariance, Tensor? lengths, BatchNormOptions options, Tensor mean,
        Tensor inverseDeviation)
    {
        var map = ChannelsInnermost.Of(x, options.Axis);
        int chunks = map.Chunks(map.Pixels);
        using var partials = options.Training ? Tensor.Empty([chunks, 2, map.Channels], device, DType.Float64) : null;
        if (partials is not null)
            Launch("batch_norm", Stored(x, "batch_norm_partial_f32", "batch_norm_partial_bf16"), (map.Shares, chunks, 1), Block, 0,
                Activations(x), IntsOrNull(lengths), partials.Address, map.Clips, map.Frames, map.Width, map.Channels, map.Packed);
        Launch("batch_norm", "batch_norm_statistics_f32", Ceil(map.Channels, TotalsChannels), TotalsBlock, 0,
            partials?.Address ?? 0, chunks, IntsOrNull(lengths), F32(runningMean), F32(runningVariance), options.Epsilon, options.Momentum,
            F32(mean), F32(inverseDeviation), map.Clips, map.Frames, map.Width, map.Channels);
    }

    /// <summary>dγ, dβ and the terms of dx from the sums of chunks.</summary>
    void GradientSums(Tensor partials, in ChannelsInnermost map, Tensor weight, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, Tensor dWeight, Tensor dBias, Tensor terms) =>
        Launch("batch_norm", "batch_norm_sums_f32", Ceil(map.Channels, TotalsChannels), TotalsBlock, 0,
            partials.Address, partials.Shape[0], F32(weight), F32(mean), F32(inverseDeviation), IntsOrNull(lengths),
            options.Training ? 1 : 0, F32(dWeight), F32(dBias), F32(terms), map.Clips, map.Frames, map.Width, map.Channels);
}
