using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>The cuts of a product: along k for the caches, always in the same way, and along m and n among threads.</summary>
internal static class GemmBlocking
{
    /// <summary>A panel of B, 256 steps of two vectors, fits in a first-level cache of 32 KiB or more.</summary>
    const int MaxBlockK = 256;

    /// <summary>Rows of A up to which a panel of B is packed when its turn comes: 144 × 256 values stay in a second-level cache.</summary>
    public const int MaxRowsOfPanels = 144;

    /// <summary>Bytes of a row of one part: with 256 steps of k, 1 MiB of packed B.</summary>
    const int MaxPartBytes = 4096;

    /// <summary>Multiply-adds below which handing out parts costs more than it saves: about 10 µs of one core.</summary>
    const long MinParallelWork = 1 << 18;

    public static int Panels<T>(int columns, GemmKernel<T> kernel) where T : unmanaged => (columns + kernel.Columns - 1) / kernel.Columns;

    /// <summary>
    /// Length of the blocks of k, the last of which may be shorter; at least 1. It depends on <paramref name="k"/>
    /// alone, and so does the rounding of every sum. More than two blocks are a multiple of four, which <see cref="Strassen"/> can use.
    /// </summary>
    public static int BlockK(int k)
    {
        int blocks = Math.Max(1, (k + MaxBlockK - 1) / MaxBlockK);
        if (blocks > 2) blocks = (blocks + Strassen.Side - 1) / Strassen.Side * Strassen.Side;
        return Math.Max(1, (k + blocks - 1) / blocks);
    }

    /// <summary>
    /// Numbers of row parts and column parts for which the slowest thread is expected to finish first: a part of
    /// m × n needs m·n/16 cycles per k for the products and about m + n for packing, half of n where B only comes from memory.
    /// </summary>
    public static (int RowParts, int ColumnParts) Parts<T>(int m, int n, int k, GemmKernel<T> kernel, bool packed) where T : unmanaged
    {
        if ((long)m * n * Math.Max(k, 1) < MinParallelWork || Workers.Count == 1) return (1, MinColumnParts<T>(n));
        int panels = Panels(n, kernel), maxRowParts = (m + kernel.Rows - 1) / kernel.Rows;
        var best = (RowParts: 1, ColumnParts: MinColumnParts<T>(n));
        double bestCost = double.MaxValue;
        int maxColumnParts = Math.Min(panels, MinColumnParts<T>(n) + 4 * Workers.Count);
        for (int columnParts = MinColumnParts<T>(n); columnParts <= maxColumnParts; columnParts++)
        {
            for (int rounds = 1; rounds <= 4; rounds++)
            {
                int rowParts = Math.Min(maxRowParts, Math.Max(1, rounds * Workers.Count / columnParts));
                double rows = Math.Ceiling((double)m / rowParts), columns = Math.Ceiling((double)panels / columnParts) * kernel.Columns;
                double part = rows * columns / 16 + rows + (packed ? columns / 2 : columns);
                double cost = Math.Ceiling((double)rowParts * columnParts / Workers.Count) * part;
                if (cost >= bestCost) continue;
                (best, bestCost) = ((rowParts, columnParts), cost);
            }
        }
        return best;
    }

    static unsafe int MinColumnParts<T>(int n) where T : unmanaged
    {
        int most = MaxPartBytes / sizeof(T);
        return Math.Max(1, (n + most - 1) / most);
    }
}
