using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Losses;

/// <summary>
/// The cross-entropies of all rows and columns of a matrix of cosines against targets that are uniform over each item's positives: rows
/// come first, then columns (<see cref="PairSoftmax.AddUpColumns"/>), then the loss and its gradient.
/// </summary>
internal readonly unsafe struct PairCrossEntropy
{
    public PairSoftmax Softmax { get; init; }

    public PairRelation Relation { get; init; }

    public double Temperature { get; init; }

    /// <summary>Weight of one item's cross-entropy in the loss.</summary>
    public double Weight { get; init; }

    /// <summary>Room for the share of each positive in an item's target.</summary>
    public double* Shares { get; init; }

    /// <summary>Room for the part of each item in the loss.</summary>
    public double* Parts { get; init; }

    /// <summary>Divides rows of cosines by the temperature and adds them up.</summary>
    public void Rows(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            double* row = Softmax.Row(i);
            RowMath.Scale(row, 1 / Temperature, row, Relation.Batch);
            Relation.Drop(i, row);
            Softmax.AddUpRow(i);
            int positives = 0;
            for (int j = Relation.NextPositive(i, 0); j < Relation.Batch; j = Relation.NextPositive(i, j + 1)) positives++;
            Shares[i] = 1.0 / positives;
        }
    }

    /// <summary>
    /// The loss of rows and of the columns of the same numbers; puts ∂L/∂cosine in the place of the scores where it is wanted.
    /// </summary>
    /// <remarks>Relations are mutual: a row holds the targets of its own item and its share in the target of every column.</remarks>
    public void Finish(int first, int end, bool gradientIsWanted)
    {
        double factor = Weight / Temperature;
        for (int i = first; i < end; i++)
        {
            double* row = Softmax.Row(i);
            double score = 0;
            for (int j = Relation.NextPositive(i, 0); j < Relation.Batch; j = Relation.NextPositive(i, j + 1))
                score += (Shares[i] + Shares[j]) * row[j];
            Parts[i] = Weight * (Softmax.LogSums(i) - score);
            if (!gradientIsWanted) continue;
            Softmax.Write(i, factor, row);
            for (int j = Relation.NextPositive(i, 0); j < Relation.Batch; j = Relation.NextPositive(i, j + 1))
                row[j] -= factor * (Shares[i] + Shares[j]);
        }
    }
}
