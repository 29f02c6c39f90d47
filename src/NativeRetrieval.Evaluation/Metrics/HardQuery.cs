namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>A query that an evaluation ranks badly.</summary>
/// <param name="Query">Its index.</param>
/// <param name="Rank">Of its best relevant item, from 1.</param>
/// <param name="Relevant">That item.</param>
/// <param name="RelevantScore">Its score.</param>
/// <param name="First">The item that came first instead; the relevant one itself where the rank is 1.</param>
/// <param name="FirstScore">Its score.</param>
public sealed record HardQuery(int Query, int Rank, int Relevant, float RelevantScore, int First, float FirstScore)
{
    /// <summary>The queries whose best relevant item ranks worst, worst first; equal ranks by index.</summary>
    public static IReadOnlyList<HardQuery> Find(SimilarityMatrix scores, Relevance relevance, int count)
    {
        var best = RankingMetrics.BestItems(scores, relevance);
        return [.. Enumerable.Range(0, best.Length).OrderByDescending(query => best[query].Rank).Take(count).Select(query =>
        {
            int first = scores.Best(query, 1)[0];
            return new HardQuery(query, best[query].Rank, best[query].Item, scores.Row(query)[best[query].Item], first, scores.Row(query)[first]);
        })];
    }
}
