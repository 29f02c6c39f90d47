using System.Globalization;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>The cost of a piece of work: bytes of memory, operations, and the share of the arithmetic's rate that it can reach.</summary>
/// <param name="Precision">The precision of its operations.</param>
/// <param name="CallMicroseconds">What a library's call takes beside its work.</param>
internal sealed record WorkCost(
    double Bytes, double Flops, Precision Precision, Func<Accelerator, double> Share, double CallMicroseconds = 0)
{
    const int ComputeTf32 = 77, MathWithoutTensorCores = 3, MelBins = 64;

    /// <summary>Bytes of Adam for each parameter: it, both moments read and written, its gradient read.</summary>
    const double AdamBytes = 28;

    /// <summary>
    /// Kernels whose pointers do not tell their bytes: tables of tensors, and rows of a table. By the beginning of the name.
    /// </summary>
    static readonly (string Prefix, Func<RecordedKernel, long, double> Bytes)[] _others =
    [
        ("adam_step", (_, parameters) => AdamBytes * parameters),
        ("clip_scale_partial", (_, parameters) => sizeof(float) * (double)parameters),
        ("embedding_forward", (kernel, _) => 2.0 * kernel.WrittenBytes),
        ("embedding_backward", (kernel, _) => 3.0 * kernel.ReadBytes),
        // At most all sums of chunks are read, and half as many rows written.
        ("embedding_join", (kernel, _) => 1.5 * kernel.ReadBytes),
        ("search_rows_again", (kernel, _) => kernel.WrittenBytes / sizeof(long) * RowBytes(kernel)),
        // Its scores are read and overwritten.
        ("nt_xent_gradient", (kernel, _) => kernel.ReadBytes + kernel.WrittenBytes + kernel.Arguments[0].Bytes),
    ];

    /// <summary>Bytes of a float32 row whose width is the kernel's first number.</summary>
    static double RowBytes(RecordedKernel kernel) => sizeof(float)
        * double.Parse(kernel.Arguments.First(argument => argument.Kind == 'i').Value, CultureInfo.InvariantCulture);

    /// <summary>Seconds on a GPU: the longer of memory and arithmetic, and what every kernel takes.</summary>
    public double Seconds(Accelerator gpu)
    {
        double memory = Bytes / (gpu.Gigabytes * 1e9 * Efficiency.Copy * Efficiency.Streaming);
        double arithmetic = Flops == 0 ? 0
            : Flops / (gpu.Rate(Precision) * 1e12 * Efficiency.Product(Precision) * Share(gpu));
        return Math.Max(memory, arithmetic)
            + (Efficiency.SmallestKernel + Efficiency.Gap + CallMicroseconds) * 1e-6;
    }

    /// <param name="parameters">Parameters of the model that is trained.</param>
    /// <returns>Null for what a step does not wait for: values of the host that come on a stream of their own.</returns>
    public static WorkCost? Of(RecordedWork work, long parameters) => work switch
    {
        RecordedKernel kernel when OwnProduct.Of(kernel) is { } product => new(BytesOf(kernel, parameters), product.Flops,
            product.Precision, product.Share),
        RecordedKernel kernel => new(BytesOf(kernel, parameters), FlopsOf(kernel), Precision.Float32, _ => 1),
        RecordedProduct product => Of(product),
        RecordedConvolution convolution => Of(convolution),
        RecordedTransfer { Kind: "copy" } copy => new(2.0 * copy.Bytes, 0, Precision.Float32, _ => 1),
        RecordedTransfer { Kind: "fill" or "bias" } transfer => new(transfer.Bytes, 0, Precision.Float32, _ => 1),
        // A loss and a norm, a few bytes each: the time of a small kernel.
        RecordedTransfer { Kind: "download" } values => new(values.Bytes, 0, Precision.Float32, _ => 1),
        _ => null,
    };

    static double BytesOf(RecordedKernel kernel, long parameters)
    {
        foreach (var (prefix, bytes) in _others)
            if (kernel.Name.StartsWith(prefix, StringComparison.Ordinal)) return bytes(kernel, parameters);
        return kernel.ReadBytes + kernel.WrittenBytes;
    }

    /// <summary>Operations where they are the limit; memory is that of nearly all kernels.</summary>
    static double FlopsOf(RecordedKernel kernel) => kernel.Name.StartsWith("log_mel_", StringComparison.Ordinal)
        ? kernel.WrittenBytes / (MelBins * sizeof(float)) * Efficiency.LogMelFrame : 0;

    static WorkCost Of(RecordedProduct product)
    {
        var (m, n, k, batches) = (product.Sizes[0], product.Sizes[1], product.Sizes[2], product.Sizes[3]);
        double bytes = batches * ((m * k + (double)n * k) * product.ElementBytes[0] + (double)m * n * product.ElementBytes[1])
            + product.SummandBytes;
        var precision = product.ElementBytes[0] == 2 ? Precision.BFloat16
            : product.Compute == ComputeTf32 ? Precision.Tf32 : Precision.Float32;
        return new(bytes, 2.0 * batches * m * n * k, precision, gpu => TileShare(gpu, m, n, k, batches),
            product.IsForward ? Efficiency.ForwardProductCall : Efficiency.GradientProductCall);
    }

    /// <summary>
    /// Share of the multiprocessors' time that the tiles of an m x n result, summed over k, fill with the best choice of tiles and parts.
    /// </summary>
    static double TileShare(Accelerator gpu, double m, double n, double k, double batches = 1) => (
        from tile in Efficiency.Tiles
        from parts in Efficiency.Splits
        where parts == 1 || k / parts >= Efficiency.ShortestPart
        let tiles = batches * Math.Min(Math.Ceiling(m / tile.Rows) * Math.Ceiling(n / tile.Columns),
            Math.Ceiling(m / tile.Columns) * Math.Ceiling(n / tile.Rows))
        let used = m * n * batches / (tiles * tile.Rows * tile.Columns)
        let rounds = Math.Ceiling(tiles * parts / gpu.Multiprocessors)
        select tile.Yield * used * tiles * parts / (rounds * gpu.Multiprocessors)).Max();

    static WorkCost Of(RecordedConvolution convolution)
    {
        double images = convolution.Input[0], channels = convolution.Input[1], outputs = convolution.Filter[0];
        double taps = convolution.Filter[1] * convolution.Filter[2];
        double input = images * channels * convolution.Input[2] * convolution.Input[3];
        double output = images * outputs * convolution.Output[0] * convolution.Output[1];
        double bytes = input * convolution.ElementBytes[0] + output * convolution.ElementBytes[1]
            + outputs * channels * taps * convolution.ElementBytes[0] + convolution.SummandBytes;
        var precision = convolution.ElementBytes[0] == 2 ? Precision.BFloat16
            : convolution.Math == MathWithoutTensorCores ? Precision.Float32 : Precision.Tf32;
        // One channel or one filter leaves nothing for tensor cores to do.
        if (channels == 1) precision = Precision.Float32;
        double share = Efficiency.Convolution(precision, convolution.Direction);
        // Each direction as the product that it is.
        double inputPixels = input / channels, outputPixels = output / outputs;
        var (m, n, k) = convolution.Direction switch
        {
            "forward" => (outputPixels, outputs, channels * taps),
            "data" => (inputPixels, channels, outputs * taps),
            _ => (outputs, channels * taps, outputPixels),
        };
        return new(bytes, 2 * output * channels * taps, precision,
            gpu => channels == 1 ? share : share * TileShare(gpu, m, n, k),
            Efficiency.ConvolutionCall);
    }
}
