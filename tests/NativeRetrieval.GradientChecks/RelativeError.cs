namespace NativeRetrieval.GradientChecks;

/// <summary>Relative L2 errors of a whole tensor and of its channels.</summary>
internal static class RelativeError
{
    /// <param name="scale">The divisor, or what it is at least; 0: the exact values' norm alone.</param>
    public static double Of(double[] exact, double[] found, double scale = 0)
    {
        if (exact.Length != found.Length) return double.PositiveInfinity;
        double error = Math.Sqrt(exact.Zip(found).Sum(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));
        scale = Math.Max(scale, Norm(exact));
        return double.IsFinite(error) ? scale > 0 ? error / scale : error : double.PositiveInfinity;
    }

    /// <summary>
    /// Channels whose error is above the bound, relative to the norm that a channel has on average: few where a rectifier or maximum
    /// fell the other way, all where the arithmetic is wrong.
    /// </summary>
    /// <param name="outer">Elements before the axis of channels, as in [N, C, H, W].</param>
    public static int ChannelsOver(double[] exact, double[] found, int outer, int channels, double bound, double scale = 0)
    {
        int inner = exact.Length / Math.Max(1, outer * channels);
        scale = Math.Max(scale, Norm(exact)) / Math.Sqrt(channels);
        double[] square = new double[channels];
        for (int i = 0; i < exact.Length; i++) square[i / inner % channels] += (exact[i] - found[i]) * (exact[i] - found[i]);
        return square.Count(value => !(Math.Sqrt(value) <= bound * scale));
    }

    public static double Norm(double[] values) => Math.Sqrt(values.Sum(value => value * value));
}
