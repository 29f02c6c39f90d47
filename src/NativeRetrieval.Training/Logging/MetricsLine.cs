namespace NativeRetrieval.Training.Logging;

/// <summary>One line of a run's log.</summary>
/// <param name="Epoch">Epoch that the step belongs to, from 1.</param>
/// <param name="Step">Optimizer steps done since the run began.</param>
/// <param name="Values">Named numbers, e.g. <c>loss</c>, <c>lr</c>, <c>validation/r10</c>, in the order they are written.</param>
public sealed record MetricsLine(int Epoch, long Step, IReadOnlyList<KeyValuePair<string, double>> Values)
{
    /// <summary>The value of that name, or null where the line has none.</summary>
    public double? this[string name]
    {
        get
        {
            foreach (var (key, value) in Values)
                if (key == name) return value;
            return null;
        }
    }
}
