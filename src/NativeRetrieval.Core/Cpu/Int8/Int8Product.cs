using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Int8;

/// <summary>
/// y[m, O] = epilogue(x[m, I]·Wᵀ) with rows of x quantized one by one and int32 sums, on all cores:
/// Σ (a − zero)·w = Σ a·w − zero·Σ w. The bits of a row depend on that row alone, not on threads or instruction set.
/// </summary>
internal static unsafe class Int8Product
{
    /// <summary>Integers of a block of rows, in bytes: they stay in a second-level cache while the weights stream by.</summary>
    const int BlockBytes = 256 << 10;

    /// <summary>Columns of one part: with 768 inputs about 100 KB of weights.</summary>
    const int PartColumns = 128;

    /// <summary>Multiply-adds below which handing out parts costs more than it saves.</summary>
    const long MinParallelWork = 1 << 19;

    [ThreadStatic] static AlignedBuffer? _strips;
    [ThreadStatic] static AlignedBuffer? _tile;

    public static void Run(int rows, float* x, in Int8Panels weights, float* y, GemmEpilogue<float> epilogue)
    {
        if (rows == 0 || weights.Outputs == 0) return;
        int kernelRows = weights.Kernel.Rows;
        int blockRows = Math.Max(1, BlockBytes / Math.Max(1, 4 * weights.Groups) / kernelRows) * kernelRows;
        nuint ranges = (nuint)rows * 2;
        float* memory = (_strips ??= new()).Reserve<float>(ranges + (nuint)rows * (nuint)weights.Groups);
        var product = new Product(rows, x, weights, y, epilogue, blockRows, (Int8Rows.Range*)memory, (int*)(memory + ranges));
        bool parallel = (long)rows * weights.Outputs * weights.Inputs >= MinParallelWork;
        Run(parallel, product.Strips, product, static (product, strip) => product.QuantizeStrip(strip));
        Run(parallel, product.Parts, product, static (product, part) => product.RunPart(part));
    }

    static void Run(bool parallel, int parts, in Product product, Action<Product, int> body)
    {
        if (parallel) Workers.Run(parts, product, body);
        else
            for (int part = 0; part < parts; part++) body(product, part);
    }

    readonly struct Product(int rows, float* x, Int8Panels weights, float* y, GemmEpilogue<float> epilogue, int blockRows,
        Int8Rows.Range* ranges, int* a)
    {
        int PanelsPerPart => Math.Max(1, PartColumns / weights.Kernel.Columns);

        int ColumnParts => (weights.Panels + PanelsPerPart - 1) / PanelsPerPart;

        public int Strips => (rows + weights.Kernel.Rows - 1) / weights.Kernel.Rows;

        public int Parts => (rows + blockRows - 1) / blockRows * ColumnParts;

        /// <summary>
        /// The first row of a strip. Strips are of nearly equal height: a last one of a row would leave the multipliers idle.
        /// </summary>
        int FirstRow(int strip) => (int)((long)rows * strip / Strips);

        public void QuantizeStrip(int strip)
        {
            int first = FirstRow(strip), height = FirstRow(strip + 1) - first, groups = weights.Groups, group = weights.Kernel.Group;
            byte* integers = (byte*)(_tile ??= new()).Reserve<float>((nuint)groups);
            for (int row = 0; row < height; row++)
            {
                ranges[first + row] = Int8Rows.Quantize(x + (nint)(first + row) * weights.Inputs, weights.Inputs, integers);
                Int8Rows.Place(integers, weights.Inputs, groups, group, a + (nint)first * groups + row, height);
            }
        }

        /// <summary>Each panel of weights with every strip of a block of rows: the panel stays in the first-level cache.</summary>
        public void RunPart(int part)
        {
            var (block, columns) = Math.DivRem(part, ColumnParts);
            int stripsPerBlock = blockRows / weights.Kernel.Rows, groups = weights.Groups;
            int firstStrip = block * stripsPerBlock, endStrip = Math.Min(Strips, firstStrip + stripsPerBlock);
            int* sums = (int*)(_tile ??= new()).Reserve<float>((nuint)(weights.Kernel.Rows * weights.Kernel.Columns));
            int endPanel = Math.Min(weights.Panels, (columns + 1) * PanelsPerPart);
            for (int panel = columns * PanelsPerPart; panel < endPanel; panel++)
                for (int strip = firstStrip; strip < endStrip; strip++)
                {
                    int first = FirstRow(strip), height = FirstRow(strip + 1) - first;
                    weights.Kernel.Run(height, groups, a + (nint)first * groups, weights.Panel(panel), sums);
                    Finish(first, height, panel * weights.Kernel.Columns, sums);
                }
        }

        void Finish(int firstRow, int height, int firstColumn, int* sums)
        {
            int columns = weights.Kernel.Columns, width = Math.Min(columns, weights.Outputs - firstColumn);
            for (int row = 0; row < height; row++)
                Scale(sums + row * columns, columns, ranges[firstRow + row], weights.Scales + firstColumn, weights.Sums + firstColumn);
            epilogue.Write((float*)sums, columns, y + (nint)firstRow * weights.Outputs + firstColumn, weights.Outputs, height, width,
                firstColumn, accumulate: false);
        }

        /// <summary>Sums become floats in place. The tiles of all kernels are multiples of 8 columns wide.</summary>
        static void Scale(int* sums, int columns, Int8Rows.Range range, float* scales, int* columnSums)
        {
            for (int column = 0; column < columns; column += Vector256<int>.Count)
            {
                var exact = Vector256.Load(sums + column) - Vector256.Load(columnSums + column) * range.Zero;
                var scaled = Vector256.ConvertToSingle(exact) * Vector256.Load(scales + column) * range.Scale;
                scaled.Store((float*)sums + column);
            }
        }
    }
}
