namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>Count, mean and sum of squared deviations, merged pairwise without cancellation (Chan, Golub and LeVeque 1979).</summary>
internal readonly record struct Moments(double Count, double Mean, double Deviations)
{
    public double Variance => Count > 0 ? Deviations / Count : 0;

    public double UnbiasedVariance => Count > 1 ? Deviations / (Count - 1) : 0;

    public Moments Merge(Moments other)
    {
        if (other.Count == 0) return this;
        if (Count == 0) return other;
        double count = Count + other.Count, distance = other.Mean - Mean;
        return new(count, Mean + distance * other.Count / count,
            Deviations + other.Deviations + distance * distance * Count * other.Count / count);
    }
}
