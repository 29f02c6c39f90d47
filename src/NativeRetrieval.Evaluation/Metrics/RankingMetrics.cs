using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Parallel;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>The figures of one direction of retrieval. Shares lie between 0 and 1; ranks count from 1.</summary>
/// <param name="Queries">Number of queries.</param>
/// <param name="R1">R@1: share of queries with a relevant item among the first 1 (hit rate). Likewise R@5 and R@10.</param>
/// <param name="Map10">mAP@10: mean over queries of Σ (precision at each relevant item among the first 10) / min(10, relevant items); with
/// one relevant item the reciprocal rank, or 0 past 10.</param>
/// <param name="Map16">mAP@16: the same over the first 16, DCASE's main figure since 2025.</param>
/// <param name="MedianRank">Median of the best relevant item's rank, rounded down, as the field's evaluation code has it.</param>
/// <param name="MeanRank">Mean of the best relevant item's rank.</param>
public sealed record RankingMetrics(int Queries, Estimate R1, Estimate R5, Estimate R10, Estimate Map10, Estimate Map16, double MedianRank,
    double MeanRank)
{
    internal const int Depth = 10, DeepDepth = 16;

    const int QueriesPerPart = 32;

    /// <summary>True where some query has several relevant items; otherwise each figure over all of them is its counterpart's.</summary>
    public bool HasSeveralRelevant { get; init; }

    /// <summary>Mean over queries of the share of their relevant items that are among the first 1. Likewise of 5 and 10.</summary>
    public Estimate Recall1 { get; init; }

    /// <inheritdoc cref="Recall1"/>
    public Estimate Recall5 { get; init; }

    /// <inheritdoc cref="Recall1"/>
    public Estimate Recall10 { get; init; }

    /// <summary>
    /// mAP@10 over all relevant items, as DCASE's baselines of 2023 and 2025 have it: the sum of <see cref="Map10"/> divided by all
    /// relevant items, also where there are more than 10.
    /// </summary>
    public Estimate Map10OfAll { get; init; }

    /// <summary>The same over the first 16.</summary>
    public Estimate Map16OfAll { get; init; }

    /// <summary>R@1 + R@5 + R@10, by which the best epoch is chosen.</summary>
    public double RecallSum => R1.Value + R5.Value + R10.Value;

    /// <summary>Ranks every item for every query; equal scores are ordered by index, lower first.</summary>
    /// <param name="groups">Group of each query, for intervals by a bootstrap of groups; null: by the jackknife over queries.</param>
    /// <exception cref="ShapeException">Scores and relevance are of different sizes, or there is no query.</exception>
    public static RankingMetrics Compute(SimilarityMatrix scores, Relevance relevance, IReadOnlyList<int>? groups = null) =>
        Compute([scores], relevance, groups);

    /// <summary>
    /// The figures of several systems that are not fused, such as a recipe's models of several seeds: of each query the mean over them,
    /// so that an interval is that of their mean. Ranks are taken of all queries of all of them.
    /// </summary>
    /// <param name="systems">Scores of at least one system, all of the same queries and items.</param>
    /// <param name="groups">Group of each query, for intervals by a bootstrap of groups; null: by the jackknife over queries.</param>
    /// <exception cref="ShapeException">Scores and relevance are of different sizes, or there is no query.</exception>
    public static RankingMetrics Compute(IReadOnlyList<SimilarityMatrix> systems, Relevance relevance, IReadOnlyList<int>? groups = null)
    {
        int[][][] ranks = [.. systems.Select(scores => Ranks(scores, relevance))];
        var bootstrap = groups is null ? null : new GroupBootstrap(groups);
        int[] best = [.. ranks.SelectMany(ofSystem => ofSystem.Select(ordered => ordered[0]))];
        return new RankingMetrics(relevance.QueryCount, Hit(1), Hit(5), Hit(10), Mean(ordered => AveragePrecision(ordered, Depth)),
            Mean(ordered => AveragePrecision(ordered, DeepDepth)), Median(best), best.Average())
        {
            HasSeveralRelevant = ranks[0].Any(ordered => ordered.Length > 1),
            Recall1 = Recall(1),
            Recall5 = Recall(5),
            Recall10 = Recall(10),
            Map10OfAll = Mean(ordered => PrecisionSum(ordered, Depth) / ordered.Length),
            Map16OfAll = Mean(ordered => PrecisionSum(ordered, DeepDepth) / ordered.Length),
        };

        Estimate Hit(int depth) => Mean(ordered => ordered[0] <= depth ? 1 : 0);

        Estimate Recall(int depth) => Mean(ordered => ordered.Count(rank => rank <= depth) / (double)ordered.Length);

        Estimate Mean(Func<int[], double> valueOf)
        {
            double[] values = MeansOverSystems(ranks, valueOf);
            return bootstrap?.OfMean(values) ?? Estimate.OfMean(values);
        }
    }

    /// <summary>The ranks of every query's relevant items, ascending, from 1.</summary>
    /// <exception cref="ShapeException">Scores and relevance are of different sizes, or there is no query.</exception>
    internal static int[][] Ranks(SimilarityMatrix scores, Relevance relevance)
    {
        if (scores.Queries != relevance.QueryCount || scores.Items != relevance.ItemCount)
            throw new ShapeException($"scores are {scores.Queries} queries x {scores.Items} items, "
                + $"relevance is {relevance.QueryCount} x {relevance.ItemCount}");
        if (scores.Queries == 0) throw new ShapeException("there is no query to rank for");
        var ranks = new int[scores.Queries][];
        PerQuery(scores.Queries, query => ranks[query] = SimilarityMatrix.Ranks(scores.Row(query), relevance.ItemsOf(query)));
        return ranks;
    }

    /// <summary>The mean over systems of a figure of every query's ranks.</summary>
    /// <param name="ranks">For each system what <see cref="Ranks"/> gives.</param>
    internal static double[] MeansOverSystems(int[][][] ranks, Func<int[], double> valueOf) =>
        [.. Enumerable.Range(0, ranks[0].Length).Select(query => ranks.Average(ofSystem => valueOf(ofSystem[query])))];

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
    public static double AveragePrecision(ReadOnlySpan<int> ranks, int depth) =>
        PrecisionSum(ranks, depth) / Math.Min(depth, ranks.Length);

    static double PrecisionSum(ReadOnlySpan<int> ranks, int depth)
    {
        double sum = 0;
        for (int i = 0; i < ranks.Length && ranks[i] <= depth; i++) sum += (i + 1.0) / ranks[i];
        return sum;
    }

    static double Median(int[] ranks)
    {
        var ordered = ranks.Order().ToArray();
        int middle = ordered.Length / 2;
        return ordered.Length % 2 == 1 ? ordered[middle] : Math.Floor((ordered[middle - 1] + ordered[middle]) / 2.0);
    }
}
