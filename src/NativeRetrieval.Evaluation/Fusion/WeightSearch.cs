using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Evaluation.Fusion;

/// <summary>The weights of an ensemble that rank a validation set best.</summary>
/// <param name="Weights">One for each model, at least 0, together 1.</param>
/// <param name="Map10">mAP@10 of text to audio with them, on that set.</param>
/// <param name="EqualMap10">mAP@10 with equal weights, for comparison.</param>
public sealed record WeightSearch(IReadOnlyList<double> Weights, double Map10, double EqualMap10)
{
    const int LatticeDivisions = 5, LargestLattice = 150, QueriesPerPart = 32;

    static readonly double[] _steps = [0.1, 0.05, 0.02, 0.01];

    /// <summary>
    /// Maximises mAP@10 over the simplex: the best point of a lattice of fifths (of equal weights and single models where that is
    /// large), then moves of 0.1, 0.05, 0.02 and 0.01 from one model to another while one helps. Of points with equal scores the one
    /// nearest to equal weights is taken. Deterministic.
    /// </summary>
    /// <param name="models">Texts against clips of the validation set, at least one.</param>
    public static WeightSearch Fit(IReadOnlyList<SimilarityMatrix> models, Relevance relevance)
    {
        double[] equal = [.. Enumerable.Repeat(1.0 / models.Count, models.Count)];
        var first = new Point(equal, Score(models, equal, relevance), 0);
        var best = first;
        if (models.Count > 1)
        {
            foreach (double[] weights in Starts(models.Count)) best = Better(best, At(weights));
            foreach (double step in _steps)
                for (var before = best; ; before = best)
                {
                    foreach (double[] weights in Moves(before.Weights, step)) best = Better(best, At(weights));
                    if (ReferenceEquals(best, before)) break;
                }
        }
        return new WeightSearch(best.Weights, best.Score, first.Score);

        Point At(double[] weights) =>
            new(weights, Score(models, weights, relevance), weights.Sum(weight => Math.Abs(weight - 1.0 / models.Count)));
    }

    static Point Better(Point a, Point b) => b.Score > a.Score || b.Score == a.Score && b.FromEqual < a.FromEqual - 1e-9 ? b : a;

    static IEnumerable<double[]> Starts(int models)
    {
        var lattice = Lattice(models, LatticeDivisions).Take(LargestLattice + 1).ToList();
        return lattice.Count <= LargestLattice ? lattice.Select(parts => parts.Select(part => (double)part / LatticeDivisions).ToArray())
            : Enumerable.Range(0, models).Select(one => Enumerable.Range(0, models).Select(i => i == one ? 1.0 : 0).ToArray());
    }

    static IEnumerable<int[]> Lattice(int models, int total) =>
        models == 1 ? [[total]]
            : Enumerable.Range(0, total + 1).SelectMany(own => Lattice(models - 1, total - own).Select(rest => (int[])[own, .. rest]));

    static IEnumerable<double[]> Moves(IReadOnlyList<double> from, double step)
    {
        for (int giver = 0; giver < from.Count; giver++)
            for (int taker = 0; taker < from.Count; taker++)
            {
                if (giver == taker || from[giver] == 0) continue;
                double amount = Math.Min(step, from[giver]);
                double[] weights = [.. from];
                // Rounded, so that steps back and forth meet again and what is printed is what was used.
                (weights[giver], weights[taker]) = (Math.Round(from[giver] - amount, 6), Math.Round(from[taker] + amount, 6));
                yield return weights;
            }
    }

    static double Score(IReadOnlyList<SimilarityMatrix> models, double[] weights, Relevance relevance)
    {
        var precision = new double[relevance.QueryCount];
        Workers.Run((precision.Length + QueriesPerPart - 1) / QueriesPerPart, part =>
        {
            var row = new float[relevance.ItemCount];
            for (int query = part * QueriesPerPart; query < Math.Min((part + 1) * QueriesPerPart, precision.Length); query++)
            {
                ScoreFusion.WeightedRow(models, weights, query, row);
                precision[query] = RankingMetrics.AveragePrecision(SimilarityMatrix.Ranks(row, relevance.ItemsOf(query)),
                    RankingMetrics.Depth);
            }
        });
        return precision.Average();
    }

    sealed record Point(double[] Weights, double Score, double FromEqual);
}
