using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>
/// Differences between two systems' figures in one direction of retrieval, each query compared with itself: a system's own figures less
/// those of another. They lie between −1 and 1; an interval that does not hold 0 says that the systems differ.
/// </summary>
/// <param name="Queries">Number of queries.</param>
/// <param name="R1">Difference of R@1, the share of queries with a relevant item among the first 1. Likewise R@5 and R@10.</param>
/// <param name="Map10">Difference of mAP@10, as <see cref="RankingMetrics.Map10"/> has it.</param>
/// <param name="Map16">Difference of mAP@16.</param>
public sealed record RankingDifference(int Queries, Estimate R1, Estimate R5, Estimate R10, Estimate Map10, Estimate Map16)
{
    /// <summary>Compares two systems' scores of the same queries and items.</summary>
    /// <param name="scores">The system's scores; those of several are not fused: of each query the mean over them counts.</param>
    /// <param name="other">The other system's scores, or likewise those of several.</param>
    /// <param name="groups">Group of each query, for intervals by a bootstrap of groups; null: by the jackknife over queries.</param>
    /// <exception cref="ShapeException">Scores and relevance are of different sizes, or there is no query.</exception>
    public static RankingDifference Compute(IReadOnlyList<SimilarityMatrix> scores, IReadOnlyList<SimilarityMatrix> other,
        Relevance relevance, IReadOnlyList<int>? groups = null)
    {
        int[][][] ranks = Ranks(scores), otherRanks = Ranks(other);
        var bootstrap = groups is null ? null : new GroupBootstrap(groups);
        return new(relevance.QueryCount, Hit(1), Hit(5), Hit(10),
            Mean(ordered => RankingMetrics.AveragePrecision(ordered, RankingMetrics.Depth)),
            Mean(ordered => RankingMetrics.AveragePrecision(ordered, RankingMetrics.DeepDepth)));

        int[][][] Ranks(IReadOnlyList<SimilarityMatrix> systems) => [.. systems.Select(system => RankingMetrics.Ranks(system, relevance))];

        Estimate Hit(int depth) => Mean(ordered => ordered[0] <= depth ? 1 : 0);

        Estimate Mean(Func<int[], double> valueOf)
        {
            double[] values = [.. RankingMetrics.MeansOverSystems(ranks, valueOf)
                .Zip(RankingMetrics.MeansOverSystems(otherRanks, valueOf), (own, others) => own - others)];
            return bootstrap?.OfMean(values) ?? Estimate.OfMean(values).Unbounded();
        }
    }
}
