using NativeRetrieval.Indexing;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>Scores less the hubness of each item; see <see cref="QueryBank"/>.</summary>
internal static class QueryBankNorm
{
    /// <param name="scores">Queries against items.</param>
    /// <param name="bank">The bank's sentences against the same items.</param>
    public static SimilarityMatrix Apply(SimilarityMatrix scores, SimilarityMatrix bank)
    {
        var byItem = bank.Transpose();
        double[] hubness = [.. Enumerable.Range(0, scores.Items).Select(item => QueryBank.Hubness(byItem.Row(item)))];
        float[] normalized = new float[scores.Queries * scores.Items];
        for (int query = 0; query < scores.Queries; query++)
        {
            var row = scores.Row(query);
            for (int item = 0; item < row.Length; item++) normalized[query * scores.Items + item] = (float)(row[item] - hubness[item]);
        }
        return new SimilarityMatrix(normalized, scores.Queries, scores.Items);
    }
}
