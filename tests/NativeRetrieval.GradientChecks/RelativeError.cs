namespace NativeRetrieval.GradientChecks;

/// <summary>Relative L2 errors of a whole tensor and of its channels.</summary>
internal static class RelativeError
{
    /// <param name="scale">The divisor, or what it is at least; 0: the exact values' norm alone.</param>
    public static double Of(double[] exact, double[] found, double scale = 0)
    {
        if (exact.Length != found.Length) return double.PositiveInfinity;
        double square = 0;
        for (int i = 0; i < exact.Length; i++) square += (exact[i] - found[i]) * (exact[i] - found[i]);
        double error = Math.Sqrt(square);
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
        for (int row = 0, i = 0; row < outer * channels; row++)
            for (int j = 0; j < inner; j++, i++) square[row % channels] += (exact[i] - found[i]) * (exact[i] - found[i]);
        return square.Count(value => !(Math.Sqrt(value) <= bound * scale));
    }

    public static double Norm(double[] values)
    {
        double square = 0;
        foreach (double value in values) square += value * value;
        return Math.Sqrt(square);
    }
}
