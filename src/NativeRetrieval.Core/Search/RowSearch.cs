using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Search;

/// <summary>
/// Exact search in host memory: the k rows with the greatest dot product with each query, by reading every row once. For rows that lie
/// in a caller's own memory or come from a file; <see cref="Ops.Op.SearchRows"/> searches tensors on any device.
/// </summary>
/// <remarks>
/// The dot product of one query and one row is one chain of fused multiply-adds per SIMD lane, whatever the number of
/// queries, rows or threads, and <see cref="TopKList"/> is a total order: results are bit-identical for any of them.
/// Sums are float32 for bfloat16 rows too. Excluded rows are not read: a search costs what the rows it may find cost.
/// </remarks>
public static unsafe class RowSearch
{
    /// <summary>Bytes of rows that one part of the work reads: large against the cost of handing it out.</summary>
    const int PartSizeBytes = 4 << 20;

    /// <summary>Bytes from one row to the next: the row zero-padded to a multiple of 64.</summary>
    /// <param name="dimension">Elements of a row, at least 1.</param>
    /// <param name="element">Type of an element.</param>
    public static int StrideBytes(int dimension, DType element) => checked((dimension * element.SizeBytes() + 63) / 64 * 64);

    /// <summary>
    /// The k best rows for each query by <c>sᵢⱼ = qᵢ · rⱼ</c>; equal scores are ranked by id, lower first, NaN behind every number.
    /// Runs on all cores and is safe for concurrent callers.
    /// </summary>
    /// <param name="blocks">The rows; ids must differ.</param>
    /// <param name="element">Type of the rows' elements: float32 or bfloat16.</param>
    /// <param name="dimension">Elements of a row and of a query, at least 1.</param>
    /// <param name="queries">[Q, dimension], row-major.</param>
    /// <param name="k">Rows wanted for each query, 0 or more; memory for Q·k pairs is taken for each thread.</param>
    /// <returns>One list of at most k rows for each query.</returns>
    /// <exception cref="ShapeException">
    /// The queries are not whole rows of the dimension, or the rows are neither float32 nor bfloat16.
    /// </exception>
    public static TopKList[] TopK(IReadOnlyList<RowBlock> blocks, DType element, int dimension, ReadOnlySpan<float> queries, int k)
    {
        CheckQueries(dimension, queries.Length, k);
        var parts = Parts(blocks, StrideBytes(dimension, element));
        return BestLanes(parts.Count, (part, search) => search(parts[part]), element, dimension, queries, k);
    }

    /// <summary>The k best rows of parts that are brought into memory one by one, for rows that are not all there at once.</summary>
    /// <param name="parts">Number of parts.</param>
    /// <param name="read">
    /// Called once for each part, on the thread that searches it and beside others: brings the part's rows into memory and passes them to
    /// the search it is given. They must stay until that returns. What it throws ends the search.
    /// </param>
    /// <inheritdoc cref="TopK(IReadOnlyList{RowBlock}, DType, int, ReadOnlySpan{float}, int)"/>
    public static TopKList[] TopK(int parts, Action<int, Action<RowBlock>> read, DType element, int dimension, ReadOnlySpan<float> queries,
        int k)
    {
        CheckQueries(dimension, queries.Length, k);
        return BestLanes(parts, (part, search) => read(part, block => search(new(block, 0, block.Count))), element, dimension, queries, k);
    }

    /// <summary>
    /// The same of rows and queries in fixed point: 16-bit integers in units of 2⁻¹⁵, half the memory of float32 and more products in the
    /// same time.
    /// </summary>
    /// <remarks>Scores are the exact sums of products, rounded to float32 once.</remarks>
    /// <param name="blocks">
    /// The rows; ids must differ. The length of a row times that of a query must be under 2: other sums may lose their upper bits.
    /// </param>
    /// <inheritdoc cref="TopK(IReadOnlyList{RowBlock}, DType, int, ReadOnlySpan{float}, int)"/>
    /// <exception cref="ShapeException">The queries are not whole rows of the dimension.</exception>
    public static TopKList[] TopK(IReadOnlyList<RowBlock> blocks, int dimension, ReadOnlySpan<short> queries, int k)
    {
        if (Avx512BW.IsSupported && Vector512.IsHardwareAccelerated) return TopK<FixedLanes512>(blocks, dimension, queries, k);
        if (Avx2.IsSupported) return TopK<FixedLanes256>(blocks, dimension, queries, k);
        return TopK<FixedLanes128>(blocks, dimension, queries, k);
    }

    internal static TopKList[] TopK<TLanes>(IReadOnlyList<RowBlock> blocks, int dimension, ReadOnlySpan<short> queries, int k)
        where TLanes : unmanaged, IDotLanes<TLanes, short>
    {
        CheckQueries(dimension, queries.Length, k);
        int stride = StrideBytes(dimension, DType.Int16);
        var parts = Parts(blocks, stride);
        return TopK<TLanes, short, short>(parts.Count, (part, search) => search(parts[part]), dimension, queries, k, stride);
    }

    static void CheckQueries(int dimension, int values, int k)
    {
        if (dimension < 1 || values % dimension != 0)
            throw new ShapeException($"TopK: queries must be rows of {dimension} numbers, at least 1; got {values} numbers");
        ArgumentOutOfRangeException.ThrowIfNegative(k);
    }

    static TopKList[] BestLanes(int parts, Action<int, Action<RowRange>> read, DType element, int dimension, ReadOnlySpan<float> queries,
        int k)
    {
        if (Avx512F.IsSupported && Vector512.IsHardwareAccelerated)
            return TopK<DotLanes512>(parts, read, element, dimension, queries, k);
        if (Avx2.IsSupported && Fma.IsSupported) return TopK<DotLanes256>(parts, read, element, dimension, queries, k);
        return TopK<DotLanes128>(parts, read, element, dimension, queries, k);
    }

    internal static TopKList[] TopK<TLanes>(IReadOnlyList<RowBlock> blocks, DType element, int dimension,
        ReadOnlySpan<float> queries, int k)
        where TLanes : unmanaged, IDotLanes<TLanes, float>
    {
        var parts = Parts(blocks, StrideBytes(dimension, element));
        return TopK<TLanes>(parts.Count, (part, search) => search(parts[part]), element, dimension, queries, k);
    }

    static TopKList[] TopK<TLanes>(int parts, Action<int, Action<RowRange>> read, DType element, int dimension,
        ReadOnlySpan<float> queries, int k)
        where TLanes : unmanaged, IDotLanes<TLanes, float> => element switch
        {
            DType.Float32 => TopK<TLanes, float, float>(parts, read, dimension, queries, k, StrideBytes(dimension, element)),
            DType.BFloat16 => TopK<TLanes, float, BFloat16>(parts, read, dimension, queries, k, StrideBytes(dimension, element)),
            _ => throw new ShapeException($"TopK: rows must be float32 or bfloat16, got {element}"),
        };

    static TopKList[] TopK<TLanes, TQuery, TElement>(int parts, Action<int, Action<RowRange>> read, int dimension,
        ReadOnlySpan<TQuery> queries, int k, int strideBytes)
        where TLanes : unmanaged, IDotLanes<TLanes, TQuery>
        where TQuery : unmanaged
        where TElement : unmanaged
    {
        int queryCount = queries.Length / dimension, width = strideBytes / sizeof(TElement);
        var scratch = new ConcurrentBag<QueryLists>();
        nuint paddedBytes = (nuint)RowScan<TLanes, TQuery, TElement>.Tiled(queryCount) * (nuint)width * (nuint)sizeof(TQuery);
        var padded = (TQuery*)NativeMemory.AlignedAlloc(paddedBytes + 64, 64);
        try
        {
            NativeMemory.Clear(padded, paddedBytes);
            for (int q = 0; q < queryCount; q++)
                queries.Slice(q * dimension, dimension).CopyTo(new Span<TQuery>(padded + (long)q * width, dimension));
            if (queryCount > 0)
                Workers.Run(parts, part => read(part, rows =>
                {
                    if (!scratch.TryTake(out var best)) best = new QueryLists(queryCount, k);
                    new RowScan<TLanes, TQuery, TElement>(padded, queryCount, width, best).Search(rows);
                    scratch.Add(best);
                }));
        }
        finally
        {
            NativeMemory.AlignedFree(padded);
        }

        var merged = QueryLists.NewLists(queryCount, k);
        foreach (var best in scratch)
            for (int q = 0; q < queryCount; q++) merged[q].Merge(best.Lists[q]);
        return merged;
    }

    static List<RowRange> Parts(IReadOnlyList<RowBlock> blocks, int strideBytes)
    {
        int rowsPerPart = Math.Max(1, PartSizeBytes / strideBytes);
        var parts = new List<RowRange>();
        foreach (var block in blocks)
            for (int begin = 0; begin < block.Count; begin += rowsPerPart)
                parts.Add(new(block, begin, Math.Min(begin + rowsPerPart, block.Count)));
        return parts;
    }
}
