using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>Channels are the innermost axis: NHWC feature maps, or the mel bins of [N, 1, T, F].</remarks>
internal sealed partial class CudaBackend
{
    /// <summary>Pixels that a chunk of the sums should have at least, and the most chunks.</summary>
    const int PixelsPerChunk = 256, MostChunks = 512;

    public void BatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var map = ChannelsInnermost.Of(x, options.Axis);
        using var partials = options.Training ? Tensor.Empty([map.Chunks, 2, map.Channels], device, DType.Float64) : null;
        if (partials is not null)
            Launch("batch_norm", "batch_norm_partial_f32", (Ceil(map.Channels, Warp), map.Chunks, 1), Block, 0,
                F32(x), IntsOrNull(lengths), partials.Address, map.Clips, map.Frames, map.Width, map.Channels);
        Launch("batch_norm", "batch_norm_statistics_f32", Ceil(map.Channels, Block), Block, 0,
            partials?.Address ?? 0, map.Chunks, IntsOrNull(lengths), F32(runningMean), F32(runningVariance), options.Epsilon,
            options.Momentum, F32(mean), F32(inverseDeviation), map.Clips, map.Frames, map.Width, map.Channels);
        Launch("batch_norm", "batch_norm_apply_f32", map.Lines, map.LineThreads, 0,
            F32(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths), options.Relu ? 1 : 0, F32(y), map.Frames,
            map.Width, map.Channels);
    }

    public void BatchNormBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var map = ChannelsInnermost.Of(x, options.Axis);
        int relu = options.Relu ? 1 : 0;
        using var partials = Tensor.Empty([map.Chunks, 2, map.Channels], device, DType.Float64);
        using var terms = Tensor.Empty([2, map.Channels], device);
        Launch("batch_norm", "batch_norm_gradient_partial_f32", (Ceil(map.Channels, Warp), map.Chunks, 1), Block, 0,
            F32(dy), F32(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths), relu, partials.Address,
            map.Clips, map.Frames, map.Width, map.Channels);
        Launch("batch_norm", "batch_norm_sums_f32", Ceil(map.Channels, Block), Block, 0,
            partials.Address, map.Chunks, IntsOrNull(lengths), options.Training ? 1 : 0, F32(dWeight), F32(dBias), F32(terms), map.Clips,
            map.Frames, map.Width, map.Channels);
        Launch("batch_norm", "batch_norm_backward_f32", map.Lines, map.LineThreads, 0,
            F32(dy), F32(x), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), F32(terms), IntsOrNull(lengths), relu, F32(dx),
            map.Frames, map.Width, map.Channels);
    }

    /// <summary>[clips, frames, width, channels] in memory order.</summary>
    readonly record struct ChannelsInnermost(int Clips, int Frames, int Width, int Channels)
    {
        /// <summary>Frames of all clips; a block goes through one.</summary>
        public int Lines => checked(Clips * Frames);

        public int LineThreads => Math.Clamp((Width * Channels + Warp - 1) / Warp * Warp, Warp, Block);

        public int Chunks => Math.Clamp(Ceil((long)Lines * Width, PixelsPerChunk), 1, MostChunks);

        /// <exception cref="ShapeException">Several channels, each a plane of its own.</exception>
        public static ChannelsInnermost Of(Tensor x, int axis)
        {
            if (axis == 3) return new(x.Shape[0], x.Shape[2], 1, x.Shape[3]);
            if (x.Layout != Layout.NHWC && x.Shape[1] > 1)
                throw new ShapeException($"BatchNorm: feature maps on {x.Device} must be {Layout.NHWC}, got {x.Describe()}; "
                    + "convert it by Op.ToLayout");
            return new(x.Shape[0], x.Shape[2], x.Shape[3], x.Shape[1]);
        }
    }
}
