namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>
/// A mean over queries of values from 0 to 1 with its 95 % interval: by the jackknife over queries, or by a bootstrap of their groups.
/// </summary>
/// <param name="Value">The mean.</param>
/// <param name="StandardError">√((n−1)/n · Σ(mean without query i − mean)²), which for a mean is √(Σ(xᵢ − mean)² / (n (n−1))); of groups
/// the standard deviation of the bootstrap's means.</param>
public readonly record struct Estimate(double Value, double StandardError)
{
    const double NormalQuantile = 1.959963984540054;    // 97.5 %

    /// <summary>The ends of an interval that is not the jackknife's within 0 … 1, such as the bootstrap's percentiles; else null.</summary>
    internal (double Low, double High)? Percentiles { get; init; }

    /// <summary>Lower end of the 95 % interval: the bootstrap's percentile, else Value − 1.96 · StandardError, at least 0.</summary>
    public double Low => Percentiles?.Low ?? Math.Max(0, Value - NormalQuantile * StandardError);

    /// <summary>Upper end of the 95 % interval: the bootstrap's percentile, else Value + 1.96 · StandardError, at most 1.</summary>
    public double High => Percentiles?.High ?? Math.Min(1, Value + NormalQuantile * StandardError);

    /// <summary>The same with an interval that may leave 0 … 1: that of a difference.</summary>
    internal Estimate Unbounded() =>
        this with { Percentiles = (Value - NormalQuantile * StandardError, Value + NormalQuantile * StandardError) };

    /// <summary>The mean of values and its standard error.</summary>
    /// <param name="values">One per query; with fewer than two the error is 0.</param>
    public static Estimate OfMean(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty) return default;
        double sum = 0, squares = 0;
        foreach (double value in values) sum += value;
        double mean = sum / values.Length;
        foreach (double value in values) squares += (value - mean) * (value - mean);
        double n = values.Length;
        return new Estimate(mean, n > 1 ? Math.Sqrt(squares / (n * (n - 1))) : 0);
    }
}
