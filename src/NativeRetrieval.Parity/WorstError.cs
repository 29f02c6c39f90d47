namespace NativeRetrieval.Parity;

/// <summary>Collects the errors of a case and keeps the worst.</summary>
public sealed class WorstError
{
    /// <summary>The worst so far; NaN once a value was not a number.</summary>
    public double Value { get; private set; }

    /// <summary>The place of the worst; empty where nothing was compared.</summary>
    public string Where { get; private set; } = "";

    /// <summary>Takes an error if it is worse than the worst so far; NaN is worse than every number.</summary>
    public void Add(double error, string where)
    {
        if (Where.Length > 0 && (double.IsNaN(Value) || error <= Value)) return;
        (Value, Where) = (error, where);
    }

    /// <summary>
    /// Adds |actual − expected| / |expected| in L2 norm; the absolute norm where the expected one is 0; ∞ for another number of values.
    /// </summary>
    public void AddRelative(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, string where)
    {
        if (expected.Length != actual.Length)
        {
            Add(double.PositiveInfinity, $"{where}: {actual.Length} values for {expected.Length}");
            return;
        }
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }
        Add(norm == 0 ? Math.Sqrt(difference) : Math.Sqrt(difference / norm), where);
    }

    /// <summary>Adds the largest |actual − expected|.</summary>
    public void AddLargest(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, string where)
    {
        if (expected.Length != actual.Length) Add(double.PositiveInfinity, $"{where}: {actual.Length} values for {expected.Length}");
        else
            for (int i = 0; i < expected.Length; i++) Add(Math.Abs(actual[i] - expected[i]), where);
    }
}
