using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// C[m, n] = A[m, k] · B[k, n] in single precision on all cores, with any strides of A and B (so also transposed) and
/// row-major C. Blocked and packed after Goto and van de Geijn 2008, "Anatomy of high-performance matrix
/// multiplication". The bits of the result do not depend on the number of threads.
/// </summary>
internal static unsafe class Sgemm
{
    const int FloatsPerLine = 16;

    [ThreadStatic] static AlignedBuffer? _packedA;
    [ThreadStatic] static AlignedBuffer? _packedB;

    /// <summary>C = A·B, then <paramref name="epilogue"/>; <paramref name="cStride"/> floats from row to row of C.</summary>
    public static void Run(int m, int n, int k, MatrixView<float> a, MatrixView<float> b, float* c, nint cStride,
        GemmEpilogue epilogue = default, GemmKernel? kernel = null) =>
        RunParts(new Product(m, n, k, a, b, null, c, cStride, epilogue, kernel ?? GemmKernel.Best));

    /// <summary>C = A·B with B packed before, then <paramref name="epilogue"/>.</summary>
    public static void Run(int m, MatrixView<float> a, PackedWeights b, float* c, nint cStride, GemmEpilogue epilogue = default)
    {
        RunParts(new Product(m, b.N, b.K, a, default, b, c, cStride, epilogue, b.Kernel));
        GC.KeepAlive(b);
    }

    static void RunParts(Product product)
    {
        if (product.M == 0 || product.N == 0) return;
        var (rowParts, columnParts) = GemmBlocking.Parts(product.M, product.N, product.K, product.Kernel, product.PackedB is not null);
        if (rowParts * columnParts == 1)
        {
            product.RunPart(0, product.M, 0, product.N);
            return;
        }
        int panels = GemmBlocking.Panels(product.N, product.Kernel);
        Workers.Run(rowParts * columnParts, part =>
        {
            var (column, row) = Math.DivRem(part, rowParts);
            product.RunPart(
                Cut(product.M, rowParts, row), Cut(product.M, rowParts, row + 1),
                Cut(panels, columnParts, column) * product.Kernel.Columns,
                Math.Min(product.N, Cut(panels, columnParts, column + 1) * product.Kernel.Columns));
        });
    }

    static int Cut(int length, int parts, int part) => (int)((long)length * part / parts);

    sealed class Product(int m, int n, int k, MatrixView<float> a, MatrixView<float> b, PackedWeights? packedB,
        float* c, nint cStride, GemmEpilogue epilogue, GemmKernel kernel)
    {
        public int M => m;
        public int N => n;
        public int K => k;
        public GemmKernel Kernel => kernel;
        public PackedWeights? PackedB => packedB;

        /// <summary>Rows [firstRow, endRow) and columns [firstColumn, endColumn) of C, all of k; firstColumn begins a panel.</summary>
        public void RunPart(int firstRow, int endRow, int firstColumn, int endColumn)
        {
            int maxBlockK = GemmBlocking.BlockK(k);
            // With k = 0 there is one block, an empty one: it clears C and applies the epilogue.
            for (int firstK = 0; firstK == 0 || firstK < k; firstK += maxBlockK)
            {
                int blockK = Math.Min(maxBlockK, k - firstK);
                // Where the rows are one block, each panel is read once: it is packed just before, and stays in the first-level cache.
                float* panels = packedB is not null ? packedB.Panel(firstK, blockK, firstColumn / kernel.Columns)
                    : endRow - firstRow <= GemmBlocking.MaxBlockRows ? null
                    : PackColumns(firstK, blockK, firstColumn, endColumn);
                for (int row = firstRow; row < endRow; row += GemmBlocking.MaxBlockRows)
                    RunBlock(firstK, blockK, row, Math.Min(GemmBlocking.MaxBlockRows, endRow - row), firstColumn, endColumn, panels);
            }
        }

        float* PackColumns(int firstK, int blockK, int firstColumn, int endColumn)
        {
            int panels = GemmBlocking.Panels(endColumn - firstColumn, kernel);
            float* packed = (_packedB ??= new()).Reserve((nuint)panels * (nuint)(blockK * kernel.Columns));
            float* target = packed;
            for (int column = firstColumn; column < endColumn; column += kernel.Columns, target += blockK * kernel.Columns)
                GemmPacking.Pack(b.At(firstK, column), b.ColumnStride, b.RowStride, Math.Min(kernel.Columns, endColumn - column),
                    kernel.Columns, blockK, target);
            return packed;
        }

        /// <summary>Some rows of A, packed and multiplied with every panel of B in turn.</summary>
        /// <param name="panels">Packed panels of B; null: each is packed when its turn comes.</param>
        void RunBlock(int firstK, int blockK, int firstRow, int rows, int firstColumn, int endColumn, float* panels)
        {
            float* packedA = (_packedA ??= new()).Reserve((nuint)rows * (nuint)Math.Max(blockK, 1));
            // Strips of nearly equal height: a last strip of one or two rows would leave the multipliers idle.
            int strips = (rows + kernel.Rows - 1) / kernel.Rows;
            for (int strip = 0; strip < strips; strip++)
            {
                int row = Cut(rows, strips, strip), height = Cut(rows, strips, strip + 1) - row;
                GemmPacking.Pack(a.At(firstRow + row, firstK), a.RowStride, a.ColumnStride, height, height, blockK, packedA + row * blockK);
            }

            for (int column = firstColumn; column < endColumn; column += kernel.Columns)
            {
                int width = Math.Min(kernel.Columns, endColumn - column);
                float* panel = panels is null
                    ? PackColumns(firstK, blockK, column, column + width)
                    : panels + (nint)(column - firstColumn) * blockK;
                for (int strip = 0; strip < strips; strip++)
                {
                    int row = Cut(rows, strips, strip), height = Cut(rows, strips, strip + 1) - row;
                    if (panels is not null && column + kernel.Columns < endColumn)
                        Fetch(panel + blockK * kernel.Columns, Cut(blockK, strips, strip), Cut(blockK, strips, strip + 1));
                    RunTile(firstK, blockK, packedA + row * blockK, panel, height, width, firstRow + row, column);
                }
            }
        }

        /// <summary>
        /// Brings steps of the next panel into the second-level cache while this one is multiplied: large weights come from memory.
        /// </summary>
        void Fetch(float* panel, int firstStep, int endStep)
        {
            if (!Sse.IsSupported) return;
            for (float* line = panel + firstStep * kernel.Columns; line < panel + endStep * kernel.Columns; line += FloatsPerLine)
                Sse.Prefetch1(line);
        }

        void RunTile(int firstK, int blockK, float* packedA, float* panel, int height, int width, int row, int column)
        {
            float* target = c + row * cStride + column;
            bool accumulate = firstK > 0;
            if (width == kernel.Columns)
            {
                // The tile of C is needed when the sums are done: by then it has come from memory.
                if (Sse.IsSupported)
                    for (int line = 0; line < height; line++) Sse.Prefetch0(target + line * cStride);
                kernel.Run(height, blockK, packedA, panel, target, cStride, accumulate);
            }
            else
            {
                float* tile = stackalloc float[kernel.Rows * kernel.Columns];
                kernel.Run(height, blockK, packedA, panel, tile, kernel.Columns, false);
                CopyTile(tile, height, width, target, accumulate);
            }
            if (firstK + blockK == k) epilogue.Finish(target, cStride, height, width, column);
        }

        void CopyTile(float* tile, int height, int width, float* target, bool accumulate)
        {
            for (int row = 0; row < height; row++, target += cStride, tile += kernel.Columns)
                for (int column = 0; column < width; column++) target[column] = accumulate ? target[column] + tile[column] : tile[column];
        }
    }
}
