using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Losses;

/// <summary>
/// The cross-entropies of all rows and columns of a matrix of products against the soft-max of a teacher's scores: rows come first, then
/// columns (<see cref="PairSoftmax.AddUpColumns"/> of both), then the loss and its gradient.
/// </summary>
internal readonly unsafe struct PairDistillation
{
    public PairSoftmax Own { get; init; }

    public PairSoftmax Teacher { get; init; }

    public double Temperature { get; init; }

    public double TeacherTemperature { get; init; }

    public int Batch { get; init; }

    /// <summary>Weight of one item's cross-entropy in the loss.</summary>
    public double Weight { get; init; }

    /// <summary>Room for the part of each item in the loss.</summary>
    public double* Parts { get; init; }

    /// <summary>Divides rows by their temperatures and adds them up.</summary>
    public void Rows(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            RowMath.Scale(Own.Row(i), 1 / Temperature, Own.Row(i), Batch);
            RowMath.Scale(Teacher.Row(i), 1 / TeacherTemperature, Teacher.Row(i), Batch);
            Own.AddUpRow(i);
            Teacher.AddUpRow(i);
        }
    }

    /// <summary>
    /// The loss by rows of the targets of both directions, which take the place of the teacher's scores; puts ∂L/∂product in the place of
    /// the own ones where it is wanted.
    /// </summary>
    public void Finish(int first, int end, bool gradientIsWanted)
    {
        for (int i = first; i < end; i++)
        {
            double* own = Own.Row(i), targets = Teacher.Row(i);
            Teacher.Write(i, 1, targets);
            Parts[i] = Weight * (Own.LogSums(i) - RowMath.Dot(targets, own, Batch));
            if (!gradientIsWanted) continue;
            Own.Write(i, Weight / Temperature, own);
            RowMath.AddScaled(targets, -Weight / Temperature, own, Batch);
        }
    }
}
