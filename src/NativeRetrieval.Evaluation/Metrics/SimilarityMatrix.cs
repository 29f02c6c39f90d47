using System.Numerics;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>Scores of every query (row) against every item (column), float32, row-major.</summary>
public sealed class SimilarityMatrix
{
    readonly float[] _scores;

    /// <exception cref="ShapeException">The number of scores is not queries × items.</exception>
    /// <exception cref="OptionException">A score is NaN or infinite: it has no rank.</exception>
    public SimilarityMatrix(float[] scores, int queries, int items)
    {
        if (scores.LongLength != (long)queries * items)
            throw new ShapeException($"{scores.LongLength} scores for {queries} queries x {items} items");
        int bad = Array.FindIndex(scores, score => !float.IsFinite(score));
        if (bad >= 0)
            throw new OptionException($"the score of query {bad / items} and item {bad % items} is {scores[bad]}; "
                + "the model's embeddings are not finite");
        (_scores, Queries, Items) = (scores, queries, items);
    }

    /// <summary>Number of rows.</summary>
    public int Queries { get; }

    /// <summary>Number of columns.</summary>
    public int Items { get; }

    /// <summary>The scores of one query against all items.</summary>
    public ReadOnlySpan<float> Row(int query) => _scores.AsSpan(query * Items, Items);

    /// <summary>Cosine of every pair of rows. Equal rows get exactly equal scores, so that ties are real.</summary>
    /// <param name="queries">[queries, width], row-major, of any length but not NaN; a row of zeros has cosine 0 with all.</param>
    /// <param name="items">[items, width], likewise.</param>
    /// <param name="width">Length of an embedding.</param>
    public static SimilarityMatrix Cosine(ReadOnlySpan<float> queries, ReadOnlySpan<float> items, int width)
    {
        if (width < 1 || queries.Length % width != 0 || items.Length % width != 0)
            throw new ShapeException($"{queries.Length} and {items.Length} numbers are not rows of {width}");
        int rows = queries.Length / width, columns = items.Length / width;
        var scores = new float[checked(rows * columns)];
        DotProducts.Compute(Normalized(queries, width), Normalized(items, width), width, scores);
        return new SimilarityMatrix(scores, rows, columns);
    }

    /// <summary>The same scores with queries and items exchanged.</summary>
    public SimilarityMatrix Transpose()
    {
        const int Tile = 32;
        var scores = new float[_scores.Length];
        for (int row = 0; row < Queries; row += Tile)
            for (int column = 0; column < Items; column += Tile)
                for (int r = row; r < Math.Min(row + Tile, Queries); r++)
                    for (int c = column; c < Math.Min(column + Tile, Items); c++)
                        scores[c * Queries + r] = _scores[r * Items + c];
        return new SimilarityMatrix(scores, Items, Queries);
    }

    /// <summary>The scores of some queries alone, in the given order.</summary>
    public SimilarityMatrix Rows(ReadOnlySpan<int> queries)
    {
        var scores = new float[queries.Length * Items];
        for (int i = 0; i < queries.Length; i++) Row(queries[i]).CopyTo(scores.AsSpan(i * Items));
        return new SimilarityMatrix(scores, queries.Length, Items);
    }

    /// <summary>Position of an item in a query's ranking, from 1: better scores come first, equal ones by index.</summary>
    public int Rank(int query, int item) => Rank(Row(query), item);

    /// <summary>Ranks of some items of one query, ascending.</summary>
    internal static int[] Ranks(ReadOnlySpan<float> row, ReadOnlySpan<int> items)
    {
        var ranks = new int[items.Length];
        for (int i = 0; i < ranks.Length; i++) ranks[i] = Rank(row, items[i]);
        Array.Sort(ranks);
        return ranks;
    }

    /// <summary>The rank by counting the better scores: one pass and no sort.</summary>
    static int Rank(ReadOnlySpan<float> row, int item)
    {
        float score = row[item];
        return CountAtLeast(row[..item], score) + CountAtLeast(row[(item + 1)..], MathF.BitIncrement(score)) + 1;
    }

    static int CountAtLeast(ReadOnlySpan<float> scores, float least)
    {
        int count = 0, lanes = Vector<float>.Count, i = 0;
        var bound = new Vector<float>(least);
        var counts = Vector<int>.Zero;
        for (; i <= scores.Length - lanes; i += lanes) counts -= Vector.GreaterThanOrEqual(new Vector<float>(scores[i..]), bound);
        foreach (float score in scores[i..]) count += score >= least ? 1 : 0;
        return count + Vector.Sum(counts);
    }

    /// <summary>All items of a query, best first, equal scores by index.</summary>
    public int[] Order(int query)
    {
        float[] keys = [.. Row(query)];
        int[] items = [.. Enumerable.Range(0, Items)];
        Array.Sort(items, (a, b) => keys[a] != keys[b] ? keys[b].CompareTo(keys[a]) : a.CompareTo(b));
        return items;
    }

    /// <summary>The best items of a query, best first, equal scores by index.</summary>
    public int[] Best(int query, int count)
    {
        var row = Row(query);
        var best = new List<int>(count + 1);
        for (int item = 0; item < row.Length; item++)
        {
            if (best.Count == count && (count == 0 || row[item] <= row[best[^1]])) continue;
            int place = best.Count;
            while (place > 0 && row[item] > row[best[place - 1]]) place--;
            best.Insert(place, item);
            if (best.Count > count) best.RemoveAt(count);
        }
        return [.. best];
    }

    static float[] Normalized(ReadOnlySpan<float> rows, int width)
    {
        var normalized = rows.ToArray();
        for (int start = 0; start < normalized.Length; start += width)
        {
            var row = normalized.AsSpan(start, width);
            double squares = 0;
            foreach (float x in row) squares += (double)x * x;
            if (squares == 0) continue;
            double scale = 1 / Math.Sqrt(squares);
            for (int i = 0; i < width; i++) row[i] = (float)(row[i] * scale);
        }
        return normalized;
    }
}
