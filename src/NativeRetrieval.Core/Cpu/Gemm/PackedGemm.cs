using System.Numerics;
using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// C[m, n] = A[m, k] · B[k, n] in float32 or float64 on all cores, with any strides of A and B (so also transposed) and
/// row-major C. Blocked and packed after Goto and van de Geijn 2008, "Anatomy of high-performance matrix
/// multiplication". The bits of the result do not depend on the number of threads; where <see cref="Strassen.Takes"/> is false, those
/// of a row depend on that row alone.
/// </summary>
internal static unsafe class PackedGemm
{
    [ThreadStatic] static AlignedBuffer? _packedA;
    [ThreadStatic] static AlignedBuffer? _packedB;

    /// <summary>C = A·B, then <paramref name="epilogue"/>; <paramref name="cStride"/> values from row to row of C.</summary>
    public static void Run<T>(int m, int n, int k, MatrixView<T> a, MatrixView<T> b, T* c, nint cStride, GemmEpilogue<T> epilogue = default,
        GemmKernel<T>? kernel = null) where T : unmanaged, IFloatingPointIeee754<T> =>
        RunParts(new Product<T>(m, n, k, a, b, default, c, cStride, epilogue, kernel ?? GemmKernel<T>.Best));

    /// <summary>C = A·B with B in panels, then <paramref name="epilogue"/>; large products by <see cref="Strassen"/>.</summary>
    public static void Run(int m, MatrixView<float> a, WeightPanels<float> b, float* c, nint cStride,
        GemmEpilogue<float> epilogue = default, GemmKernel<float>? kernel = null)
    {
        kernel ??= GemmKernel<float>.Best;
        if (Strassen.Takes(m, b, kernel)) StrassenProduct.Run(m, a, b, kernel, c, cStride, epilogue);
        else RunParts(new Product<float>(m, b.N, b.K, a, default, b, c, cStride, epilogue, kernel));
    }

    static void RunParts<T>(in Product<T> product) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (product.M == 0 || product.N == 0) return;
        var (rowParts, columnParts) = GemmBlocking.Parts(product.M, product.N, product.K, product.Kernel, packed: !product.Weights.IsNull);
        Workers.Run(rowParts * columnParts, (product, rowParts, columnParts), static (s, part) =>
            RunPart(s.product, s.rowParts, s.columnParts, part));
    }

    static void RunPart<T>(in Product<T> product, int rowParts, int columnParts, int part)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int panels = GemmBlocking.Panels(product.N, product.Kernel);
        var (column, row) = Math.DivRem(part, rowParts);
        product.RunPart(
            Cut(product.M, rowParts, row), Cut(product.M, rowParts, row + 1),
            Cut(panels, columnParts, column) * product.Kernel.Columns,
            Math.Min(product.N, Cut(panels, columnParts, column + 1) * product.Kernel.Columns));
    }

    static int Cut(int length, int parts, int part) => (int)((long)length * part / parts);

    /// <param name="b">B wherever it lies; not read where <paramref name="weights"/> are given.</param>
    /// <param name="weights">B in panels, or none.</param>
    readonly struct Product<T>(int m, int n, int k, MatrixView<T> a, MatrixView<T> b, WeightPanels<T> weights, T* c, nint cStride,
        GemmEpilogue<T> epilogue, GemmKernel<T> kernel) where T : unmanaged, IFloatingPointIeee754<T>
    {
        public int M => m;
        public int N => n;
        public int K => k;
        public GemmKernel<T> Kernel => kernel;
        public WeightPanels<T> Weights => weights;

        /// <summary>Rows [firstRow, endRow) and columns [firstColumn, endColumn) of C, all of k; firstColumn begins a panel.</summary>
        public void RunPart(int firstRow, int endRow, int firstColumn, int endColumn)
        {
            if (ReadsDirectly && endRow - firstRow <= GemmDirect.MaxRows && k > 0)
            {
                int whole = endColumn - (endColumn - firstColumn) % kernel.Columns;
                RunDirect(firstRow, endRow, firstColumn, whole);
                if (whole == endColumn) return;
                firstColumn = whole;
            }
            int maxBlockK = GemmBlocking.BlockK(k);
            // With k = 0 there is one block, an empty one: it clears C and applies the epilogue.
            for (int firstK = 0; firstK == 0 || firstK < k; firstK += maxBlockK)
            {
                int blockK = Math.Min(maxBlockK, k - firstK);
                if (!weights.IsNull) RunWeights(firstK, blockK, firstRow, endRow, firstColumn, endColumn);
                else if (endRow - firstRow > GemmBlocking.MaxRowsOfPanels)
                    RunStrips(firstK, blockK, firstRow, endRow, firstColumn, endColumn,
                        PackColumns(firstK, blockK, firstColumn, endColumn));
                else RunPanels(firstK, blockK, firstRow, endRow, firstColumn, endColumn);
            }
        }

        /// <summary>Panels of weights with as many rows of A as stay in a second-level cache.</summary>
        void RunWeights(int firstK, int blockK, int firstRow, int endRow, int firstColumn, int endColumn)
        {
            var parts = new GemmStrips(endRow - firstRow, GemmBlocking.MaxRowsOfPanels);
            for (int part = 0; part < parts.Count; part++)
            {
                int row = firstRow + parts.Row(part);
                RunPanels(firstK, blockK, row, row + parts.Height(part), firstColumn, endColumn);
            }
        }

        /// <summary>True where <see cref="GemmDirect"/> can read B.</summary>
        bool ReadsDirectly => typeof(T) == typeof(float) && kernel == GemmKernel<T>.Avx2 && weights.IsNull && b.RowStride == 1;

        /// <summary>
        /// So few rows that no panel of B is kept: sixteen columns at a time, all of k, so that memory is read in the order of a weight
        /// [n, k].
        /// </summary>
        void RunDirect(int firstRow, int endRow, int firstColumn, int endColumn)
        {
            int maxBlockK = GemmBlocking.BlockK(k), rows = endRow - firstRow;
            T* sums = Reserve(rows, k, out T* packedA);
            GemmPacking.Pack(a.At(firstRow, 0), a.RowStride, a.ColumnStride, rows, rows, k, packedA);
            for (int column = firstColumn; column < endColumn; column += kernel.Columns)
                for (int firstK = 0; firstK < k; firstK += maxBlockK)
                {
                    int blockK = Math.Min(maxBlockK, k - firstK);
                    // What is read next: the columns' next block, or the first of the columns that follow.
                    nint ahead = firstK + blockK < k ? blockK : kernel.Columns * b.ColumnStride - firstK;
                    RunTile(firstK, blockK, packedA + firstK * rows, default, sums, rows, kernel.Columns, firstRow, column, ahead);
                }
        }

        T* PackColumns(int firstK, int blockK, int firstColumn, int endColumn)
        {
            int panels = GemmBlocking.Panels(endColumn - firstColumn, kernel);
            T* packed = ReserveColumns(panels * (nint)blockK), target = packed;
            for (int column = firstColumn; column < endColumn; column += kernel.Columns, target += blockK * kernel.Columns)
                GemmPacking.Pack(b.At(firstK, column), b.ColumnStride, b.RowStride, Math.Min(kernel.Columns, endColumn - column),
                    kernel.Columns, blockK, target);
            return packed;
        }

        T* ReserveColumns(nint k) => (_packedB ??= new()).Reserve<T>((nuint)(k * kernel.Columns));

        /// <summary>
        /// Each strip of A, packed just before, with every panel of B in turn. The strip stays in the first-level cache; the panels stream
        /// by in the order of memory, which the processor foresees, and so do the rows of C.
        /// </summary>
        void RunStrips(int firstK, int blockK, int firstRow, int endRow, int firstColumn, int endColumn, T* panels)
        {
            T* sums = Reserve(kernel.Rows, blockK, out T* packedA);
            var strips = new GemmStrips(endRow - firstRow, kernel.Rows);
            for (int strip = 0; strip < strips.Count; strip++)
            {
                int row = firstRow + strips.Row(strip), height = strips.Height(strip);
                GemmPacking.Pack(a.At(row, firstK), a.RowStride, a.ColumnStride, height, height, blockK, packedA);
                T* panel = panels;
                for (int column = firstColumn; column < endColumn; column += kernel.Columns, panel += blockK * kernel.Columns)
                    RunTile(firstK, blockK, packedA, Packed(panel), sums, height, Math.Min(kernel.Columns, endColumn - column), row,
                        column);
            }
        }

        /// <summary>
        /// Each panel of B, a weight's or packed just before or with the first strip's products, with every strip of A in turn: for few
        /// rows of A, as the panel then stays in the first-level cache and is written to no other memory.
        /// </summary>
        void RunPanels(int firstK, int blockK, int firstRow, int endRow, int firstColumn, int endColumn)
        {
            T* sums = Reserve(endRow - firstRow, blockK, out T* packedA);
            var strips = new GemmStrips(endRow - firstRow, kernel.Rows);
            for (int strip = 0; strip < strips.Count; strip++)
            {
                int row = strips.Row(strip), height = strips.Height(strip);
                GemmPacking.Pack(a.At(firstRow + row, firstK), a.RowStride, a.ColumnStride, height, height, blockK, packedA + row * blockK);
            }
            // While the strips meet one panel of a weight, each fetches its part of the next.
            nint fetchedByStrip = weights.IsNull ? 0 : blockK / strips.Count * WeightPanels<T>.Width;
            nint fetchStep = Math.Max(1, WeightPanels<T>.Width / strips.Count);
            for (int column = firstColumn; column < endColumn; column += kernel.Columns)
            {
                int width = Math.Min(kernel.Columns, endColumn - column);
                bool direct = ReadsDirectly && width == kernel.Columns;
                nint? ahead = direct ? kernel.Columns * b.ColumnStride : null;
                var panel = !weights.IsNull
                    ? weights.Tile(firstK, column, kernel.Columns) with
                    {
                        Fetched = weights.At(firstK, column + kernel.Columns), FetchStep = fetchStep,
                    }
                    : Packed(direct ? ReserveColumns(blockK) : PackColumns(firstK, blockK, column, column + width));
                for (int strip = 0; strip < strips.Count; strip++)
                {
                    int row = strips.Row(strip);
                    RunTile(firstK, blockK, packedA + row * blockK, panel, sums, strips.Height(strip), width, firstRow + row, column,
                        ahead);
                    ahead = null;
                    panel = panel with { Fetched = panel.Fetched + fetchedByStrip };
                }
            }
        }

        GemmPanel<T> Packed(T* panel) => new(panel, kernel.Columns / 2, kernel.Columns);

        /// <returns>Room for one tile of sums.</returns>
        T* Reserve(int rows, int blockK, out T* packedA)
        {
            int tile = Math.Max(kernel.Rows, GemmDirect.MaxRows) * kernel.Columns;
            T* sums = (_packedA ??= new()).Reserve<T>((nuint)tile + (nuint)rows * (nuint)blockK);
            packedA = sums + tile;
            return sums;
        }

        /// <param name="panel">B's columns, or where <paramref name="ahead"/> is given room to pack them, or none.</param>
        /// <param name="ahead">Given: B is read where it lies, and what lies so many values behind is fetched.</param>
        void RunTile(int firstK, int blockK, T* packedA, GemmPanel<T> panel, T* sums, int height, int width, int row, int column,
            nint? ahead = null)
        {
            T* target = c + row * cStride + column;
            bool accumulate = firstK > 0, last = firstK + blockK == k, finishes = width < kernel.Columns || (last && !epilogue.IsEmpty);
            // The tile of C is needed when the sums are done: by then it has come from memory.
            if (Sse.IsSupported)
                for (int line = 0; line < height; line++) Sse.Prefetch0(target + line * cStride);
            T* tile = finishes ? sums : target;
            nint stride = finishes ? kernel.Columns : cStride;
            if (ahead is { } next)
                GemmDirect.Run(height, blockK, (float*)packedA, (float*)b.At(firstK, column), b.ColumnStride, next, (float*)panel.Left,
                    (float*)tile, stride, accumulate && !finishes);
            else kernel.Run(height, blockK, packedA, panel, tile, stride, accumulate && !finishes);
            if (!finishes) return;
            var finish = last ? epilogue : default;
            finish.Write(sums, kernel.Columns, target, cStride, height, width, column, accumulate);
        }
    }
}
