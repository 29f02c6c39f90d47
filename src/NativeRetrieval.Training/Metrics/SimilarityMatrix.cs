using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Training.Metrics;

/// <summary>Scores of every query (row) against every item (column), float32, row-major.</summary>
public sealed class SimilarityMatrix
{
    readonly float[] _scores;

    /// <exception cref="ShapeException">The number of scores is not queries × items.</exception>
    /// <exception cref="OptionException">A score is NaN or infinite: it has no rank.</exception>
    public SimilarityMatrix(float[] scores, int queries, int items)
    {
        if (scores.LongLength != (long)queries * items) throw new ShapeException($"{scores.LongLength} scores for {queries} queries x {items} items");
        int bad = Array.FindIndex(scores, score => !float.IsFinite(score));
        if (bad >= 0) throw new OptionException($"the score of query {bad / items} and item {bad % items} is {scores[bad]}; the model's embeddings are not finite");
        (_scores, Queries, Items) = (scores, queries, items);
    }

    public int Queries { get; }

    public int Items { get; }

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

    /// <summary>Mean of several models' scores: an ensemble.</summary>
    public static SimilarityMatrix Average(IReadOnlyList<SimilarityMatrix> models)
    {
        var first = models[0];
        if (models.Any(model => model.Queries != first.Queries || model.Items != first.Items)) throw new ShapeException("models of one ensemble must score the same queries and items");
        var mean = new float[first._scores.Length];
        for (int i = 0; i < mean.Length; i++)
        {
            double sum = 0;
            foreach (var model in models) sum += model._scores[i];
            mean[i] = (float)(sum / models.Count);
        }
        return new SimilarityMatrix(mean, first.Queries, first.Items);
    }

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

    /// <summary>Position of an item in a query's ranking, from 1: better scores come first, equal ones by index.</summary>
    public int Rank(int query, int item)
    {
        var row = Row(query);
        float score = row[item];
        int better = 0;
        foreach (float other in row[..item]) better += other >= score ? 1 : 0;
        foreach (float other in row[(item + 1)..]) better += other > score ? 1 : 0;
        return better + 1;
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
