using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Evaluation.Tests.Metrics;

public sealed class QueryBankNormTests
{
    [Fact]
    public void Every_item_loses_its_own_hubness_for_all_queries()
    {
        var scores = new SimilarityMatrix([0.5f, 0.4f, 0.1f, 0.2f, 0.6f, 0.3f], 2, 3);
        var bank = new SimilarityMatrix([0.5f, 0.1f, 0, 0.7f, -0.1f, 0, 0.3f, 0.3f, 0, 0.5f, 0.1f, 0], 4, 3);
        var normalized = QueryBankNorm.Apply(scores, bank);
        double[] hubness = [Hubness(0.5, 0.7, 0.3, 0.5), Hubness(0.1, -0.1, 0.3, 0.1), 0];
        for (int query = 0; query < 2; query++)
            for (int item = 0; item < 3; item++)
                Assert.Equal(scores.Row(query)[item] - hubness[item], normalized.Row(query)[item], 1e-6);
        // The first clip is near to everything: it was the best for the first query, and is no more.
        Assert.Equal((0, 1), (scores.Best(0, 1)[0], normalized.Best(0, 1)[0]));

        static double Hubness(params double[] column) => Math.Log(column.Average(score => Math.Exp(5 * score))) / 5;
    }
}
