using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>Kept for the backward pass are the moments of the taps, not the convolution's result.</remarks>
internal sealed partial class CudaBackend
{
    /// <summary>Rows and columns of a tile of pixels; columns of the input gradient's blocks, of as many rows.</summary>
    const int TileRows = 8, TileColumns = 64, InputColumns = 32;

    /// <summary>Lanes for the channels of a pixel, four channels each where they are a multiple of four.</summary>
    const int ChannelLanes = 16;

    /// <summary>Blocks that sum, whatever the device, so that sums are the same on each.</summary>
    const int MostSummingBlocks = 512;

    /// <summary>Rows that a block of the moments takes at least, sixteen for each warp.</summary>
    const int MomentRows = 128;

    /// <summary>Tiles that a block of the gradient takes at least: many times the bytes of the sums that it leaves.</summary>
    const int GradientTiles = 2;

    const int ApplyBlocks = 3, GradientBlock = 128;

    public Tensor Conv2dBatchNorm(Tensor x, Tensor kernels, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        Tensor? lengths, BatchNormOptions options, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var map = new FirstLayer(y, kernels);
        var moments = Tensor.Empty([options.Training ? map.Moments : 0], device, DType.Float64);
        if (options.Training) TapMoments(map, x, lengths, moments);
        Launch("conv2d_batch_norm", "conv2d_batch_norm_statistics_f32", map.WarpsOfChannels, Block, 0,
            options.Training ? moments.Address : 0, F32(kernels), IntsOrNull(lengths), F32(runningMean), F32(runningVariance),
            options.Epsilon, options.Momentum, F32(mean), F32(inverseDeviation), map.Clips, map.Frames, map.Width, map.Channels, map.Taps);
        ApplyFirst(map, x, kernels, F32(weight), F32(bias), F32(mean), F32(inverseDeviation), lengths, options.Relu, y);
        return moments;
    }

    public void Conv2dBatchNormBackward(Tensor dy, Tensor x, Tensor kernels, Tensor weight, Tensor bias, Tensor mean,
        Tensor inverseDeviation, Tensor kept, Tensor? lengths, BatchNormOptions options, Tensor? dx, Tensor? dKernels, Tensor dWeight,
        Tensor dBias)
    {
        var map = new FirstLayer(dy, kernels);
        int blocks = Math.Min(Ceil(map.Tiles, GradientTiles), Math.Max(1, MostSummingBlocks / map.Shares));
        int columns = (map.Taps + 1) * map.Channels;
        using var spread = dx is null ? null : Tensor.Empty([map.Shares * map.Tiles, map.BorderedTile], device);
        using var sums = Tensor.Empty([map.Taps + 1, map.Channels], device, DType.Float64);
        using (var partials = Tensor.Empty([blocks, columns], device, DType.Float64))
        {
            if (blocks > 0)
                Launch("conv2d_batch_norm", map.Kernel == 3
                        ? Stored(dy, "conv2d_batch_norm_gradient_3x3_f32", "conv2d_batch_norm_gradient_3x3_bf16")
                        : Stored(dy, "conv2d_batch_norm_gradient_5x5_f32", "conv2d_batch_norm_gradient_5x5_bf16"),
                    (blocks, map.Shares, 1), GradientBlock, 0,
                    Activations(dy), F32(x), F32(kernels), F32(weight), F32(bias), F32(mean), F32(inverseDeviation), IntsOrNull(lengths),
                    options.Relu ? 1 : 0, partials.Address, F32OrNull(spread), map.Clips, map.Frames, map.Width, map.Channels, map.Packed);
            Totals(partials, sums, blocks, columns);
        }
        nint moments = options.Training ? kept.Address : 0;
        using var terms = Tensor.Empty([2, map.Channels], device, DType.Float64);
        Launch("conv2d_batch_norm", "conv2d_batch_norm_parameters_f32", map.WarpsOfChannels, Block, 0,
            sums.Address, moments, F32(kernels), F32(weight), F32(mean), F32(inverseDeviation), IntsOrNull(lengths), F32OrNull(dKernels),
            F32(dWeight), F32(dBias), terms.Address, map.Clips, map.Frames, map.Width, map.Channels, map.Taps);
        if (dx is null || dx.Count == 0) return;
        using var form = options.Training ? Tensor.Empty([map.Taps, map.Taps + 1], device) : null;
        if (form is not null)
            Launch("conv2d_batch_norm", "conv2d_batch_norm_form_f32", map.Taps, GradientBlock, 0,
                terms.Address, F32(kernels), F32(form), map.Channels, map.Taps);
        Launch("conv2d_batch_norm", map.Kernel == 3 ? "conv2d_batch_norm_input_3x3_f32" : "conv2d_batch_norm_input_5x5_f32",
            checked(map.Clips * Ceil(map.Frames, TileRows) * Ceil(map.Width, InputColumns)), Block, 0,
            F32(spread!), F32OrNull(form), F32(x), IntsOrNull(lengths), F32(dx), map.Clips, map.Frames, map.Width, map.Shares);
    }

    /// <summary>The normalised convolution; without a norm (γ, mean and 1/σ are 0) the convolution + bias.</summary>
    void ApplyFirst(in FirstLayer map, Tensor x, Tensor kernels, nint weight, nint bias, nint mean, nint inverseDeviation, Tensor? lengths,
        bool relu, Tensor y)
    {
        int blocks = Math.Min(map.Tiles, Math.Max(1, Multiprocessors * ApplyBlocks / map.Shares));
        if (y.Count > 0)
            Launch("conv2d_batch_norm", map.Kernel == 3
                    ? Stored(y, "conv2d_batch_norm_apply_3x3_f32", "conv2d_batch_norm_apply_3x3_bf16")
                    : Stored(y, "conv2d_batch_norm_apply_5x5_f32", "conv2d_batch_norm_apply_5x5_bf16"),
                (blocks, map.Shares, 1), Block, 0,
                F32(x), F32(kernels), weight, bias, mean, inverseDeviation, IntsOrNull(lengths), relu ? 1 : 0, Activations(y), map.Clips,
                map.Frames, map.Width, map.Channels, map.Packed);
    }

    /// <summary>Sums of the taps and of their products over all real pixels.</summary>
    void TapMoments(in FirstLayer map, Tensor x, Tensor? lengths, Tensor moments)
    {
        // As few blocks as sum, but one for each clip and 32 columns.
        int across = Ceil(map.Width, Warp), perClip = Math.Max(1, MostSummingBlocks / Math.Max(1, map.Clips * across));
        int rows = Math.Max(MomentRows, Ceil(map.Frames, perClip)), chunks = Ceil(map.Frames, rows) * across;
        using var partials = Tensor.Empty([map.Clips * chunks, map.Moments], device, DType.Float64);
        if (partials.Count > 0)
            Launch("conv2d_batch_norm", map.Kernel == 3 ? "conv2d_batch_norm_moments_3x3_f32" : "conv2d_batch_norm_moments_5x5_f32",
                (chunks, map.Clips, 1), Block, 0,
                F32(x), IntsOrNull(lengths), partials.Address, map.Frames, map.Width, rows);
        Totals(partials, moments, map.Clips * chunks, map.Moments);
    }

    void Totals(Tensor partials, Tensor sums, int chunks, int columns) =>
        Launch("conv2d_batch_norm", "conv2d_batch_norm_totals_f32", Ceil(columns, Warp), TotalsBlock, 0,
            partials.Address, sums.Address, chunks, columns);

    /// <summary>The sizes of a first layer with the result <paramref name="y"/>.</summary>
    readonly struct FirstLayer(Tensor y, Tensor kernels)
    {
        public int Clips { get; } = y.Shape[0];

        public int Channels { get; } = y.Shape[1];

        public int Frames { get; } = y.Shape[2];

        public int Width { get; } = y.Shape[3];

        public int Kernel { get; } = kernels.Shape[2];

        /// <summary>1: four channels at a time, at addresses that are multiples of their size.</summary>
        public int Packed { get; } = y.Shape[1] % 4 == 0 && y.Address % 16 == 0 ? 1 : 0;

        public int Taps => Kernel * Kernel;

        /// <summary>Sums of taps and of products of two.</summary>
        public int Moments => Taps + Taps * (Taps + 1) / 2;

        public int Tiles => checked(Clips * Ceil(Frames, TileRows) * Ceil(Width, TileColumns));

        /// <summary>Floats of a tile with the border that its kernels reach.</summary>
        public int BorderedTile => (TileRows + Kernel - 1) * (TileColumns + Kernel - 1);

        /// <summary>Parts of the channels, each a column of blocks.</summary>
        public int Shares => Ceil(Channels, Packed == 1 ? 4 * ChannelLanes : ChannelLanes);

        /// <summary>Blocks with a warp for each channel.</summary>
        public int WarpsOfChannels => Ceil(Channels, Block / Warp);
    }
}
