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
/// in a file's mapping or in a caller's own memory; <see cref="Ops.Op.SearchRows"/> searches tensors on any device.
/// </summary>
/// <remarks>
/// The dot product of one query and one row is one chain of fused multiply-adds per SIMD lane, whatever the number of
/// queries, rows or threads, and <see cref="TopKList"/> is a total order: results are bit-identical for any of them.
/// Sums are float32 for bfloat16 rows too.
/// </remarks>
public static unsafe class RowSearch
{
    /// <summary>Bytes of rows that one part of the work reads: large against the cost of handing it out.</summary>
    const int PartSizeBytes = 4 << 20;

    /// <summary>Bytes of rows that stay in the level-2 cache while all queries pass over them.</summary>
    const int PanelSizeBytes = 128 << 10;

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
        if (dimension < 1 || queries.Length % dimension != 0)
            throw new ShapeException($"TopK: queries must be rows of {dimension} numbers, at least 1; got {queries.Length} numbers");
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        if (Avx512F.IsSupported && Vector512.IsHardwareAccelerated) return TopK<DotLanes512>(blocks, element, dimension, queries, k);
        if (Avx2.IsSupported && Fma.IsSupported) return TopK<DotLanes256>(blocks, element, dimension, queries, k);
        return TopK<DotLanes128>(blocks, element, dimension, queries, k);
    }

    internal static TopKList[] TopK<TLanes>(IReadOnlyList<RowBlock> blocks, DType element, int dimension,
        ReadOnlySpan<float> queries, int k)
        where TLanes : unmanaged, IDotLanes<TLanes> => element switch
        {
            DType.Float32 => TopK<TLanes, float>(blocks, dimension, queries, k, StrideBytes(dimension, element)),
            DType.BFloat16 => TopK<TLanes, BFloat16>(blocks, dimension, queries, k, StrideBytes(dimension, element)),
            _ => throw new ShapeException($"TopK: rows must be float32 or bfloat16, got {element}"),
        };

    static TopKList[] TopK<TLanes, TElement>(IReadOnlyList<RowBlock> blocks, int dimension,
        ReadOnlySpan<float> queries, int k, int strideBytes)
        where TLanes : unmanaged, IDotLanes<TLanes>
        where TElement : unmanaged
    {
        int queryCount = queries.Length / dimension, width = strideBytes / sizeof(TElement);
        var parts = Parts(blocks, Math.Max(1, PartSizeBytes / strideBytes));
        var scratch = new ConcurrentBag<TopKList[]>();

        float* padded = (float*)NativeMemory.AlignedAlloc((nuint)queryCount * (nuint)width * sizeof(float) + 64, 64);
        try
        {
            NativeMemory.Clear(padded, (nuint)queryCount * (nuint)width * sizeof(float));
            for (int q = 0; q < queryCount; q++)
                queries.Slice(q * dimension, dimension).CopyTo(new Span<float>(padded + (long)q * width, dimension));

            Workers.Run(parts.Count, part =>
            {
                if (!scratch.TryTake(out var best)) best = NewLists(queryCount, k);
                var (block, begin, end) = parts[part];
                SearchPart<TLanes, TElement>(blocks[block], begin, end, padded, queryCount, width, best);
                scratch.Add(best);
            });
        }
        finally
        {
            NativeMemory.AlignedFree(padded);
        }

        var merged = NewLists(queryCount, k);
        foreach (var lists in scratch)
            for (int q = 0; q < queryCount; q++) merged[q].Merge(lists[q]);
        return merged;
    }

    static TopKList[] NewLists(int count, int k)
    {
        var lists = new TopKList[count];
        for (int q = 0; q < count; q++) lists[q] = new TopKList(k);
        return lists;
    }

    static List<(int Block, int Begin, int End)> Parts(IReadOnlyList<RowBlock> blocks, int rowsPerPart)
    {
        var parts = new List<(int, int, int)>();
        for (int block = 0; block < blocks.Count; block++)
            for (int begin = 0; begin < blocks[block].Count; begin += rowsPerPart)
                parts.Add((block, begin, Math.Min(begin + rowsPerPart, blocks[block].Count)));
        return parts;
    }

    static void SearchPart<TLanes, TElement>(RowBlock block, int begin, int end, float* queries, int queryCount, int width, TopKList[] best)
        where TLanes : unmanaged, IDotLanes<TLanes>
        where TElement : unmanaged
    {
        int panelRows = Math.Max(4, PanelSizeBytes / (width * sizeof(TElement)) / 4 * 4);
        float* scores = stackalloc float[12];
        var rows = (TElement*)block.Rows;

        for (int panel = begin; panel < end; panel += panelRows)
        {
            int panelEnd = Math.Min(panel + panelRows, end);
            for (int q = 0; q < queryCount; q += 3)
            {
                float* query = queries + (long)q * width;
                int queriesHere = Math.Min(3, queryCount - q);
                for (int row = panel; row < panelEnd; row += 4)
                {
                    var source = rows + (long)row * width;
                    int rowsHere = Math.Min(4, panelEnd - row);
                    if (queriesHere == 3 && rowsHere == 4) Dot3x4<TLanes, TElement>(query, source, width, scores);
                    else
                        for (int i = 0; i < queriesHere; i++)
                            if (rowsHere == 4) Dot1x4<TLanes, TElement>(query + (long)i * width, source, width, scores + 4 * i);
                            else
                                for (int r = 0; r < rowsHere; r++)
                                    scores[4 * i + r] = Dot1x1<TLanes, TElement>(query + (long)i * width, source + (long)r * width, width);

                    for (int r = 0; r < rowsHere; r++)
                    {
                        if (block.Excludes(row + r)) continue;
                        for (int i = 0; i < queriesHere; i++) best[q + i].Offer(scores[4 * i + r], block.FirstId + row + r);
                    }
                }
            }
        }
    }

    /// <summary>3 queries × 4 rows: 12 sums, 3 query registers and 1 row register fill the 16 of AVX2.</summary>
    static void Dot3x4<TLanes, TElement>(float* query, TElement* row, int width, float* scores)
        where TLanes : unmanaged, IDotLanes<TLanes>
        where TElement : unmanaged
    {
        TLanes s00 = default, s01 = default, s02 = default, s03 = default;
        TLanes s10 = default, s11 = default, s12 = default, s13 = default;
        TLanes s20 = default, s21 = default, s22 = default, s23 = default;
        float* query1 = query + width, query2 = query1 + width;
        TElement* row1 = row + width, row2 = row1 + width, row3 = row2 + width;
        for (nint i = 0; i < width; i += TLanes.Width)
        {
            TLanes q0 = TLanes.Load(query + i), q1 = TLanes.Load(query1 + i), q2 = TLanes.Load(query2 + i);
            var x = Load<TLanes, TElement>(row + i);
            s00 = TLanes.MultiplyAdd(q0, x, s00);
            s10 = TLanes.MultiplyAdd(q1, x, s10);
            s20 = TLanes.MultiplyAdd(q2, x, s20);
            x = Load<TLanes, TElement>(row1 + i);
            s01 = TLanes.MultiplyAdd(q0, x, s01);
            s11 = TLanes.MultiplyAdd(q1, x, s11);
            s21 = TLanes.MultiplyAdd(q2, x, s21);
            x = Load<TLanes, TElement>(row2 + i);
            s02 = TLanes.MultiplyAdd(q0, x, s02);
            s12 = TLanes.MultiplyAdd(q1, x, s12);
            s22 = TLanes.MultiplyAdd(q2, x, s22);
            x = Load<TLanes, TElement>(row3 + i);
            s03 = TLanes.MultiplyAdd(q0, x, s03);
            s13 = TLanes.MultiplyAdd(q1, x, s13);
            s23 = TLanes.MultiplyAdd(q2, x, s23);
        }
        (scores[0], scores[1], scores[2], scores[3]) = (TLanes.Total(s00), TLanes.Total(s01), TLanes.Total(s02), TLanes.Total(s03));
        (scores[4], scores[5], scores[6], scores[7]) = (TLanes.Total(s10), TLanes.Total(s11), TLanes.Total(s12), TLanes.Total(s13));
        (scores[8], scores[9], scores[10], scores[11]) = (TLanes.Total(s20), TLanes.Total(s21), TLanes.Total(s22), TLanes.Total(s23));
    }

    static void Dot1x4<TLanes, TElement>(float* query, TElement* row, int width, float* scores)
        where TLanes : unmanaged, IDotLanes<TLanes>
        where TElement : unmanaged
    {
        TLanes s0 = default, s1 = default, s2 = default, s3 = default;
        TElement* row1 = row + width, row2 = row1 + width, row3 = row2 + width;
        for (nint i = 0; i < width; i += TLanes.Width)
        {
            var q = TLanes.Load(query + i);
            s0 = TLanes.MultiplyAdd(q, Load<TLanes, TElement>(row + i), s0);
            s1 = TLanes.MultiplyAdd(q, Load<TLanes, TElement>(row1 + i), s1);
            s2 = TLanes.MultiplyAdd(q, Load<TLanes, TElement>(row2 + i), s2);
            s3 = TLanes.MultiplyAdd(q, Load<TLanes, TElement>(row3 + i), s3);
        }
        (scores[0], scores[1], scores[2], scores[3]) = (TLanes.Total(s0), TLanes.Total(s1), TLanes.Total(s2), TLanes.Total(s3));
    }

    static float Dot1x1<TLanes, TElement>(float* query, TElement* row, int width)
        where TLanes : unmanaged, IDotLanes<TLanes>
        where TElement : unmanaged
    {
        TLanes sum = default;
        for (nint i = 0; i < width; i += TLanes.Width)
            sum = TLanes.MultiplyAdd(TLanes.Load(query + i), Load<TLanes, TElement>(row + i), sum);
        return TLanes.Total(sum);
    }

    static TLanes Load<TLanes, TElement>(TElement* source)
        where TLanes : unmanaged, IDotLanes<TLanes>
        where TElement : unmanaged =>
        typeof(TElement) == typeof(float) ? TLanes.Load((float*)source) : TLanes.LoadBFloat16((ushort*)source);
}
