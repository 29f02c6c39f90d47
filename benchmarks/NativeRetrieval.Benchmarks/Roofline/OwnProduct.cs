using System.Globalization;

namespace NativeRetrieval.Benchmarks.Roofline;

/// <summary>Matrix products in a launch of an own kernel on the tensor cores.</summary>
/// <param name="Count">Products side by side.</param>
/// <param name="Parts">TF32 products for each: three for float32's accuracy.</param>
internal readonly record struct OwnProduct(double Rows, double Columns, double Inner, int Count, int Parts)
{
    public double Flops => 2.0 * Count * Parts * Rows * Columns * Inner;

    double Tiles => Count * Math.Ceiling(Rows / Efficiency.OwnRows) * Math.Ceiling(Columns / Efficiency.OwnColumns);

    /// <summary>Share of the multiprocessors' time that the tiles fill.</summary>
    public double Fill(Accelerator gpu) => Count * Rows * Columns
        / (Math.Ceiling(Tiles / gpu.Multiprocessors) * gpu.Multiprocessors * Efficiency.OwnRows * Efficiency.OwnColumns);

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
            _ => null,
        };
    }
}
