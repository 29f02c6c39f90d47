namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Functions in full double precision that the base library lacks.</summary>
internal static class SpecialFunctions
{
    /// <summary>Φ(x) = ½·erfc(−x/√2), with a relative error near 1e-15 on both sides.</summary>
    public static double NormalDistribution(double x) =>
        x < 0 ? 0.5 * ErfcOfPositive(-x / double.Sqrt(2)) : 1 - 0.5 * ErfcOfPositive(x / double.Sqrt(2));

    /// <summary>φ(x) = e^(−x²/2)/√(2π).</summary>
    public static double NormalDensity(double x) => Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);

    static double ErfcOfPositive(double x) => x < 2 ? 1 - ErfSeries(x) : ErfcFraction(x);

    /// <summary>erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!: all terms are positive, nothing cancels.</summary>
    static double ErfSeries(double x)
    {
        double term = x, sum = x;
        for (int n = 1; term > 1e-17 * sum; n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    /// <summary>erfc(x) = e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))), evaluated from a depth that suffices for x ≥ 2.</summary>
    static double ErfcFraction(double x)
    {
        const int depth = 120;
        double tail = x;
        for (int n = depth; n > 0; n--) tail = x + 0.5 * n / tail;
        return Math.Exp(-x * x) / (Math.Sqrt(Math.PI) * tail);
    }
}
