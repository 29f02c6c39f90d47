using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Evaluation.Fusion;

/// <summary>The rule by which the scores of several models become one ranking.</summary>
public enum FusionRule
{
    /// <summary>Mean of the cosines: what DCASE's ensembles do.</summary>
    Mean,

    /// <summary>Weighted mean of the cosines; the weights are at least 0 and sum to 1.</summary>
    Weighted,

    /// <summary>Reciprocal rank fusion: Σ over models of 1 / (60 + rank). Scores of models need not be comparable.</summary>
    Rank,

    /// <summary>
    /// No fusion: each model is a system of its own, as where they are one recipe's seeds, and figures are means over them, query by query.
    /// </summary>
    None,
}

/// <summary>Scores of an ensemble, in both directions: ranks do not commute with transposition, means do.</summary>
/// <param name="TextToAudio">Every text against every clip.</param>
/// <param name="AudioToText">Every clip against every text.</param>
public sealed record FusedScores(SimilarityMatrix TextToAudio, SimilarityMatrix AudioToText);

/// <summary>Joins the scores of several models for the same texts and clips.</summary>
public static class ScoreFusion
{
    /// <summary>k of reciprocal rank fusion, as in its paper (Cormack, Clarke and Büttcher, SIGIR 2009).</summary>
    public const int RankOffset = 60;

    const int RowsPerPart = 32;

    /// <summary>Joins the scores of several models by a rule, in both directions.</summary>
    /// <param name="models">Scores of texts against clips, at least one matrix. A single one is left as it is.</param>
    /// <param name="weights">Weights for <see cref="FusionRule.Weighted"/>, one for each model.</param>
    /// <exception cref="ShapeException">The models scored different numbers of texts or clips.</exception>
    /// <exception cref="OptionException">The weights are not weights of these models, or the rule fuses nothing.</exception>
    public static FusedScores Fuse(IReadOnlyList<SimilarityMatrix> models, FusionRule rule, IReadOnlyList<double>? weights = null)
    {
        RequireSameSizes(models);
        if (rule == FusionRule.None && models.Count > 1)
            throw new OptionException($"{nameof(FusionRule)}.{rule} makes no one ranking of several models'");
        if (rule == FusionRule.Rank && models.Count > 1)
            return new(ReciprocalRank(models), ReciprocalRank([.. models.Select(model => model.Transpose())]));
        var scores = models.Count == 1 ? models[0] : rule == FusionRule.Weighted ? Weighted(models, weights ?? []) : Mean(models);
        return new(scores, scores.Transpose());
    }

    /// <summary>Mean over models of every score.</summary>
    public static SimilarityMatrix Mean(IReadOnlyList<SimilarityMatrix> models) => PerRow(models, (row, fused) =>
    {
        for (int item = 0; item < fused.Length; item++)
        {
            double sum = 0;
            foreach (var model in models) sum += model.Row(row)[item];
            fused[item] = (float)(sum / models.Count);
        }
    });

    /// <summary>Σ over models of weight · score.</summary>
    /// <param name="weights">One for each model, at least 0, together 1.</param>
    /// <exception cref="OptionException">The weights are not that.</exception>
    public static SimilarityMatrix Weighted(IReadOnlyList<SimilarityMatrix> models, IReadOnlyList<double> weights)
    {
        RequireWeights(weights, models.Count);
        return PerRow(models, (row, fused) => WeightedRow(models, weights, row, fused));
    }

    /// <summary>Σ over models of 1 / (60 + rank of the item for this query), ranks from 1.</summary>
    public static SimilarityMatrix ReciprocalRank(IReadOnlyList<SimilarityMatrix> models) => PerRow(models, (row, fused) =>
    {
        var sums = new double[fused.Length];
        foreach (var model in models)
        {
            int[] order = model.Order(row);
            for (int rank = 1; rank <= order.Length; rank++) sums[order[rank - 1]] += 1.0 / (RankOffset + rank);
        }
        for (int item = 0; item < fused.Length; item++) fused[item] = (float)sums[item];
    });

    /// <summary>Checks that there is one weight for each model, each at least 0, together 1.</summary>
    /// <exception cref="OptionException">There are not as many as models, one is below 0, or they do
    /// not sum to 1 within a millionth.</exception>
    public static void RequireWeights(IReadOnlyList<double> weights, int models)
    {
        string listed = string.Join(", ", weights.Select(weight => weight.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        if (weights.Count != models)
            throw new OptionException($"{weights.Count} weights ({listed}) for {models} models; give one for each --model, in their order");
        if (weights.Any(weight => !(weight >= 0))) throw new OptionException($"the weights are {listed}; each must be at least 0");
        if (!(Math.Abs(weights.Sum() - 1) <= 1e-6))
            throw new OptionException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"the weights {listed} sum to {weights.Sum()}; they must sum to 1"));
    }

    internal static void WeightedRow(IReadOnlyList<SimilarityMatrix> models, IReadOnlyList<double> weights, int row, Span<float> fused)
    {
        for (int item = 0; item < fused.Length; item++)
        {
            double sum = 0;
            for (int model = 0; model < models.Count; model++) sum += weights[model] * models[model].Row(row)[item];
            fused[item] = (float)sum;
        }
    }

    static SimilarityMatrix PerRow(IReadOnlyList<SimilarityMatrix> models, FuseRow fuse)
    {
        RequireSameSizes(models);
        int queries = models[0].Queries, items = models[0].Items;
        var scores = new float[queries * items];
        Workers.Run((queries + RowsPerPart - 1) / RowsPerPart, part =>
        {
            for (int row = part * RowsPerPart; row < Math.Min((part + 1) * RowsPerPart, queries); row++)
                fuse(row, scores.AsSpan(row * items, items));
        });
        return new SimilarityMatrix(scores, queries, items);
    }

    static void RequireSameSizes(IReadOnlyList<SimilarityMatrix> models)
    {
        var first = models[0];
        if (models.FirstOrDefault(model => model.Queries != first.Queries || model.Items != first.Items) is { } other)
            throw new ShapeException("models of one ensemble must score the same texts and clips; "
                + $"one scored {first.Queries} x {first.Items}, another {other.Queries} x {other.Items}");
    }

    delegate void FuseRow(int row, Span<float> fused);
}
