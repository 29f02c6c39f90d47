using System.Globalization;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>Matrix products in a launch of an own kernel on the tensor cores.</summary>
/// <param name="Count">Products side by side.</param>
/// <param name="Parts">TF32 products for each: three for float32's accuracy.</param>
internal readonly record struct OwnProduct(double Rows, double Columns, double Inner, int Count, int Parts)
{
    /// <summary>Taps of a block's second convolution; rows and columns of its tiles, and both with the border.</summary>
    const int Taps = 9, BlockRows = 8, BlockColumns = 64, BorderedRows = BlockRows + 2, BorderedColumns = BlockColumns + 2;

    const int BlockChannels = 64;

    public Precision Precision { get; init; } = Precision.Tf32;

    /// <summary>Rows and columns of a tile.</summary>
    public (int Rows, int Columns) Tile { get; init; } = (Efficiency.OwnRows, Efficiency.OwnColumns);

    /// <summary>Float32 operations outside the tensor cores, before the products: nothing of both is at the same time.</summary>
    public double Before { get; init; }

    public double Flops => 2.0 * Count * Parts * Rows * Columns * Inner;

    double Tiles => Count * Math.Ceiling(Rows / Tile.Rows) * Math.Ceiling(Columns / Tile.Columns);

    /// <summary>Share of the rate of a library's large product that the launch reaches.</summary>
    public double Share(Accelerator gpu)
    {
        double own = gpu.OfOneWarp * Efficiency.OwnProduct / Efficiency.Product(Precision);
        double before = Before / (gpu.Float32 * Efficiency.Product(Precision.Float32));
        double products = Flops / (gpu.Rate(Precision) * Efficiency.Product(Precision) * own);
        return own * Fill(gpu) * products / (products + before);
    }

    /// <summary>Share of the multiprocessors' time that the tiles fill.</summary>
    double Fill(Accelerator gpu) => Count * Rows * Columns
        / (Math.Ceiling(Tiles / gpu.Multiprocessors) * gpu.Multiprocessors * Tile.Rows * Tile.Columns);

    /// <summary>The products of a launch, by the sizes among its arguments; null for kernels without.</summary>
    public static OwnProduct? Of(RecordedKernel kernel)
    {
        int[] sizes = [.. kernel.Arguments.Where(argument => argument.Kind == 'i')
            .Select(argument => (int)long.Parse(argument.Value, CultureInfo.InvariantCulture))];
        return (kernel.Name, sizes) switch
        {
            ("linear_gelu_f32", [int rows, int inputs, int outputs, int exact]) => new(rows, outputs, inputs, 1, exact == 1 ? 3 : 1),
            ("nt_xent_scores_f32", [_, _, int rows, _, int batch, int width]) => new(rows, batch, width, 1, 3),
            // Gradients of rows and of columns.
            ("nt_xent_products_f32", [_, int rows, _, int batch, int width]) when rows == batch => new(batch, width, batch, 2, 3),
            ("nt_xent_products_f32", [_, int rows, _, int batch, int width]) => new(rows, width, 2.0 * batch, 1, 3),
            ("packed_conv_block_forward_f32", [int clips, int frames, int width]) => Block(clips, frames, width, Precision.Tf32),
            ("packed_conv_block_forward_bf16", [int clips, int frames, int width]) => Block(clips, frames, width, Precision.BFloat16),
            _ => null,
        };
    }

    /// <summary>A first block: tiles of pixels are its rows, and the first convolution is computed before each.</summary>
    static OwnProduct Block(int clips, int frames, int width, Precision precision)
    {
        double tiles = clips * Math.Ceiling(frames / (double)BlockRows) * Math.Ceiling(width / (double)BlockColumns);
        return new(tiles * BlockRows * BlockColumns, BlockChannels, Taps * BlockChannels, 1, 1)
        {
            Precision = precision,
            Tile = (BlockRows * BlockColumns, BlockChannels),
            Before = 2.0 * tiles * BorderedRows * BorderedColumns * BlockChannels * Taps,
        };
    }
}
