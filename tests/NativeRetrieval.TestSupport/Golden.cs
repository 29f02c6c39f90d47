namespace NativeRetrieval.TestSupport;

/// <summary>The error measure of the golden files: relative L2 per tensor.</summary>
public static class Golden
{
    /// <summary>|actual − expected| / |expected|; the absolute norm where the expected one is 0. NaN anywhere gives NaN.</summary>
    public static double RelativeL2(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
    {
        if (expected.Length != actual.Length)
            throw new ArgumentException($"expected {expected.Length} values, got {actual.Length}");
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }
        return norm == 0 ? Math.Sqrt(difference) : Math.Sqrt(difference / norm);
    }

    /// <summary>Throws unless the relative L2 error is at most <paramref name="tolerance"/>.</summary>
    public static void Check(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance, string what)
    {
        double error = RelativeL2(expected, actual);
        if (!(error <= tolerance)) throw new InvalidOperationException($"{what}: relative error {error:E2} exceeds {tolerance:E1}");
    }

    /// <inheritdoc cref="Check(ReadOnlySpan{double}, ReadOnlySpan{double}, double, string)"/>
    public static void Check(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        var wide = new double[actual.Length];
        for (int i = 0; i < wide.Length; i++) wide[i] = actual[i];
        Check(expected, wide, tolerance, what);
    }
}
