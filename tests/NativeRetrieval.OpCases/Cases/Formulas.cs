namespace NativeRetrieval.OpCases.Cases;

/// <summary>Formulas that several references share, written for clearness.</summary>
static class Formulas
{
    /// <summary>x·Φ(x); Φ by Simpson's rule, so that nothing is shared with the op.</summary>
    public static double Gelu(double x)
    {
        const int steps = 4000;
        double h = x / steps, sum = Density(0) + Density(x);
        for (int i = 1; i < steps; i++) sum += (i % 2 == 1 ? 4 : 2) * Density(i * h);
        return x * (0.5 + sum * h / 3);

        static double Density(double t) => Math.Exp(-t * t / 2) / Math.Sqrt(2 * Math.PI);
    }

    public static double[] Softmax(IEnumerable<double> x)
    {
        double[] values = [.. x];
        double max = values.Max();
        double[] powers = [.. values.Select(v => Math.Exp(v - max))];
        return [.. powers.Select(p => p / powers.Sum())];
    }
}
