namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>A query that an evaluation ranks badly.</summary>
/// <param name="Query">Index of the query.</param>
/// <param name="Rank">Rank of its best relevant item, from 1.</param>
/// <param name="Relevant">Index of that item.</param>
/// <param name="RelevantScore">Score of that item.</param>
/// <param name="First">Index of the item that came first instead; the relevant one itself where the rank is 1.</param>
/// <param name="FirstScore">Score of the item that came first.</param>
public sealed record HardQuery(int Query, int Rank, int Relevant, float RelevantScore, int First, float FirstScore)
{
    /// <summary>The queries whose best relevant item ranks worst, worst first; equal ranks by index.</summary>
    public static IReadOnlyList<HardQuery> Find(SimilarityMatrix scores, Relevance relevance, int count)
    {
        var best = RankingMetrics.BestItems(scores, relevance);
        return [.. Enumerable.Range(0, best.Length).OrderByDescending(query => best[query].Rank).Take(count).Select(query =>
        {
            int first = scores.Best(query, 1)[0];
            return new HardQuery(query, best[query].Rank, best[query].Item, scores.Row(query)[best[query].Item], first,
                scores.Row(query)[first]);
        })];
    }
}
