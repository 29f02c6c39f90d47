using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>The figures of one direction of retrieval. Shares lie between 0 and 1; ranks count from 1.</summary>
/// <param name="Queries">Number of queries.</param>
/// <param name="R1">R@1: share of queries with a relevant item among the first 1. Likewise R@5 and R@10.</param>
/// <param name="Map10">mAP@10: mean over queries of Σ (precision at each relevant item among the first 10) / min(10, relevant items); with
/// one relevant item the reciprocal rank, or 0 past 10.</param>
/// <param name="Map16">mAP@16: the same over the first 16, DCASE's main figure since 2025.</param>
/// <param name="MedianRank">Median of the best relevant item's rank, rounded down, as the field's evaluation code has it.</param>
/// <param name="MeanRank">Mean of the best relevant item's rank.</param>
public sealed record RankingMetrics(int Queries, Estimate R1, Estimate R5, Estimate R10, Estimate Map10, Estimate Map16, double MedianRank,
    double MeanRank)
{
    internal const int Depth = 10;

    const int DeepDepth = 16, QueriesPerPart = 32;

    /// <summary>R@1 + R@5 + R@10, by which the best epoch is chosen.</summary>
    public double RecallSum => R1.Value + R5.Value + R10.Value;

    /// <summary>Ranks every item for every query; equal scores are ordered by index, lower first.</summary>
    /// <exception cref="ShapeException">Scores and relevance are of different sizes, or there is no query.</exception>
    public static RankingMetrics Compute(SimilarityMatrix scores, Relevance relevance)
    {
        if (scores.Queries != relevance.QueryCount || scores.Items != relevance.ItemCount)
            throw new ShapeException($"scores are {scores.Queries} queries x {scores.Items} items, "
                + $"relevance is {relevance.QueryCount} x {relevance.ItemCount}");
        if (scores.Queries == 0) throw new ShapeException("there is no query to rank for");
        var best = new int[scores.Queries];
        var (precision, deep) = (new double[scores.Queries], new double[scores.Queries]);
        PerQuery(scores.Queries, query =>
        {
            int[] ranks = SimilarityMatrix.Ranks(scores.Row(query), relevance.ItemsOf(query));
            best[query] = ranks[0];
            precision[query] = AveragePrecision(ranks, Depth);
            deep[query] = AveragePrecision(ranks, DeepDepth);
        });
        return new RankingMetrics(scores.Queries, Recall(best, 1), Recall(best, 5), Recall(best, 10), Estimate.OfMean(precision),
            Estimate.OfMean(deep), Median(best), best.Average());
    }

    /// <summary>The best ranked relevant item of every query, and its rank.</summary>
    internal static (int Item, int Rank)[] BestItems(SimilarityMatrix scores, Relevance relevance)
    {
        var best = new (int Item, int Rank)[scores.Queries];
        PerQuery(scores.Queries, query =>
        {
            best[query] = (-1, int.MaxValue);
            foreach (int item in relevance.ItemsOf(query))
                if (scores.Rank(query, item) is var rank && rank < best[query].Rank) best[query] = (item, rank);
        });
        return best;
    }

    static void PerQuery(int queries, Action<int> body) => Workers.Run((queries + QueriesPerPart - 1) / QueriesPerPart, part =>
    {
        for (int query = part * QueriesPerPart; query < Math.Min((part + 1) * QueriesPerPart, queries); query++) body(query);
    });

    /// <summary>
    /// Σ over relevant items among the first <paramref name="depth"/> of (how many so far) / rank, over min(depth, relevant items).
    /// </summary>
    /// <param name="ranks">Ranks of all relevant items, ascending, from 1.</param>
    public static double AveragePrecision(ReadOnlySpan<int> ranks, int depth)
    {
        double sum = 0;
        for (int i = 0; i < ranks.Length && ranks[i] <= depth; i++) sum += (i + 1.0) / ranks[i];
        return sum / Math.Min(depth, ranks.Length);
    }

    static Estimate Recall(int[] ranks, int depth) => Estimate.OfMean(Array.ConvertAll(ranks, rank => rank <= depth ? 1.0 : 0.0));

    static double Median(int[] ranks)
    {
        var ordered = ranks.Order().ToArray();
        int middle = ordered.Length / 2;
        return ordered.Length % 2 == 1 ? ordered[middle] : Math.Floor((ordered[middle - 1] + ordered[middle]) / 2.0);
    }
}
