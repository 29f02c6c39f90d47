using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>
/// Exact search by way of copies in fixed point, which take two bytes a value and less arithmetic than float32. All copies are scored; the
/// rows that may be among the best k are then read from their files, compared with their checksums, and scored as they are.
/// </summary>
/// <remarks>
/// A rounded score s' is within B of the exact score s. |q·r − q'·r'| ≤ ‖q‖·‖r − r'‖ + ‖q − q'‖·‖r'‖ by Cauchy and Schwarz, with the
/// largest ‖r − r'‖ that occurred; s' is q'·r' rounded once, and the exact score's sum of D products in float32 is within D·2⁻²⁴·‖q‖·‖r‖ of
/// q·r, in any order. At least k rows have s ≥ s'ₖ − B, so a row with s' &lt; s'ₖ − 2B is none of the best k: what is found is what scoring
/// all rows as they are finds, bit by bit.
/// </remarks>
internal sealed class RoundedSearch(SegmentFormat format, ReadSession session, IReadOnlyList<KeptRows> kept)
{
    /// <summary>Most rows looked at again for one query; where more would be needed, reading all is no slower.</summary>
    const int MostCandidates = 65_536;

    readonly Dictionary<int, KeptRows> _keptOf = kept.ToDictionary(rows => rows.Rows.Id);
    readonly Dictionary<int, SegmentRows> _segments = kept.ToDictionary(rows => rows.Rows.Id, rows => rows.Rows);
    readonly List<RowBlock> _blocks = [.. kept.SelectMany(rows => rows.Blocks())];

    /// <returns>
    /// One list for each query; null where more rows than <see cref="MostCandidates"/> lie too close together, or rows and queries are too
    /// long for fixed point.
    /// </returns>
    /// <exception cref="IndexCorruptException">A row that may be found is no longer what was written.</exception>
    public TopKList[]? TopK(ReadOnlySpan<float> queries, int k)
    {
        int dimension = format.Dimension;
        short[] rounded = new short[queries.Length];
        double[] bounds = new double[queries.Length / dimension];
        for (int q = 0; q < bounds.Length; q++)
        {
            bounds[q] = RoundQuery(queries.Slice(q * dimension, dimension), rounded.AsSpan(q * dimension, dimension));
            if (!double.IsFinite(bounds[q])) return null;
        }
        foreach (long wanted in (long[])[2L * k + 64, 32L * k + 1024])
        {
            if (wanted > MostCandidates) return null;
            var rough = RowSearch.TopK(_blocks, dimension, rounded, (int)wanted);
            var candidates = new long[]?[rough.Length];
            for (int q = 0; q < rough.Length; q++)
                candidates[q] = Candidates(rough[q], (int)wanted, k, bounds[q]);
            if (candidates.Contains(null)) continue;
            float[] copy = queries.ToArray();
            long[] damaged = new long[rough.Length];
            Workers.Run(rough.Length,
                q => rough[q] = Exact(candidates[q]!, copy.AsSpan(q * dimension, dimension), k, out damaged[q]));
            // Here and not there: the catalogue, which names the row's file, is for one thread.
            foreach (long row in damaged)
                if (row >= 0) throw session.Damaged(_segments[RowId.Segment(row)], row);
            return rough;
        }
        return null;
    }

    /// <returns>B of the remarks; infinite where sums of products may not fit their integers.</returns>
    double RoundQuery(ReadOnlySpan<float> query, Span<short> rounded)
    {
        var rounding = new RowRounding();
        rounding.Round(query, rounded);
        double error = 0, length = 0;
        foreach (var rows in kept)
            (error, length) = (Math.Max(error, rows.Memory.LargestError), Math.Max(length, rows.Memory.LargestNorm));
        // A copy is longer than what it was made of by no more than its error.
        double product = (rounding.LargestNorm + rounding.LargestError) * (length + error);
        double sums = (format.Dimension + 1.0) / (1 << 24) * product;
        return product < 2 ? rounding.LargestNorm * error + rounding.LargestError * (length + error) + sums : double.PositiveInfinity;
    }

    /// <summary>The rows that may be among the best k; null where some of these may not be in the list.</summary>
    static long[]? Candidates(TopKList rough, int wanted, int k, double bound)
    {
        float[] scores = new float[rough.Count];
        long[] ids = new long[rough.Count];
        rough.Drain(scores, ids);
        if (scores.Length <= k) return ids;
        double least = scores[k - 1] - 2 * bound;
        if (scores.Length == wanted && !(scores[^1] < least)) return null;
        // Not a number: nothing is known of it, and it ranks last.
        return ids[..(Array.FindLastIndex(scores, score => !(score < least)) + 1)];
    }

    /// <param name="damaged">A row that is not what was written, or −1.</param>
    TopKList Exact(long[] ids, ReadOnlySpan<float> query, int k, out long damaged)
    {
        Array.Sort(ids);
        uint[] checksums = new uint[ids.Length];
        for (int i = 0; i < ids.Length; i++) checksums[i] = _keptOf[RowId.Segment(ids[i])].Checksums[RowId.Row(ids[i])];
        return new ListedRows(format, ids, checksums, _segments).TopK(query, k, out damaged)[0];
    }
}
