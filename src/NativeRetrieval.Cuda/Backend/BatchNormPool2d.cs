using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.FeatureMaps;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void BatchNormPool2d(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, PoolingOptions pooling, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var drawn = pooling.Stream;
        var map = InNumbers(ChannelsInnermost.Of(x, options.Axis, y, weight, bias), drawn);
        Statistics(x, runningMean, runningVariance, lengths, options, mean, inverseDeviation);
        Launch("batch_norm_pool2d", Stored(x, "batch_norm_pool2d_forward_f32", "batch_norm_pool2d_forward_bf16"),
            Stride(Windows(y), map.Groups), Block, 0,
            Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths), options.Relu ? 1 : 0,
            Threshold(pooling.Dropout), KeptScale(pooling.Dropout), (long)drawn.Seed, (long)drawn.Stream, (long)drawn.First,
            (long)drawn.PerToken, StreamMoves,
            Activations(y), map.Clips, map.Frames, map.Width, map.Channels, pooling.Window, map.Packed);
    }

    public void BatchNormPool2dBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, PoolingOptions pooling, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var map = InNumbers(ChannelsInnermost.Of(x, options.Axis, dy, dx, weight, bias), pooling.Stream);
        int relu = options.Relu ? 1 : 0, window = pooling.Window, chunks = map.Chunks(Windows(dy), window);
        uint threshold = Threshold(pooling.Dropout);
        float scale = KeptScale(pooling.Dropout);
        var drawn = pooling.Stream;
        using var partials = Tensor.Empty([chunks, 2, map.Channels], device, DType.Float64);
        Launch("batch_norm_pool2d", Stored(x, "batch_norm_pool2d_gradient_partial_f32", "batch_norm_pool2d_gradient_partial_bf16"),
            (map.Shares, chunks, 1), Block, 0,
            Activations(dy), Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths), relu,
            threshold,
            scale, (long)drawn.Seed, (long)drawn.Stream, (long)drawn.First, (long)drawn.PerToken, StreamMoves, partials.Address,
            map.Clips, map.Frames, map.Width, map.Channels, window, map.Packed);
        using var terms = Tensor.Empty([2, map.Channels], device);
        GradientSums(partials, map, weight, mean, inverseDeviation, lengths, options, dWeight, dBias, terms);
        int windows = checked(map.Clips * Ceil(map.Frames, window) * Ceil(map.Width, window));
        Launch("batch_norm_pool2d", Stored(x, "batch_norm_pool2d_backward_f32", "batch_norm_pool2d_backward_bf16"),
            Stride(windows, map.Groups), Block, 0,
            Activations(dy), Activations(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), F32(terms), IntsOrNull(lengths),
            relu, threshold, scale, (long)drawn.Seed, (long)drawn.Stream, (long)drawn.First, (long)drawn.PerToken, StreamMoves,
            Activations(dx), map.Clips, map.Frames, map.Width, map.Channels, window,
            map.Packed);
    }

    /// <summary>Packs begin with a whole block of numbers, as those of a rank's clips do; otherwise channels go one by one.</summary>
    static ChannelsInnermost InNumbers(in ChannelsInnermost map, Philox drawn) =>
        drawn.First % 4 == 0 ? map : map with { Packed = 0, Groups = map.Channels };

    static int Windows(Tensor pooled) => checked(pooled.Shape[0] * pooled.Shape[2] * pooled.Shape[3]);
}
