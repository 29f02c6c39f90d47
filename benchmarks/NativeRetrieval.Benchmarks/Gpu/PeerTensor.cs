namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>A tensor that PyTorch computed in float64, by some of its elements.</summary>
/// <param name="Count">Elements in all.</param>
/// <param name="Norm">L2 norm of all elements.</param>
/// <param name="NormScale">The divisor of a difference of norms: <paramref name="Norm"/>, unless that is zero in mathematics.</param>
/// <param name="Indices">Places of <paramref name="Values"/> in the flat tensor.</param>
/// <param name="Scale">The divisor of the L2 norm of those values' differences.</param>
/// <param name="OwnError">Error of PyTorch's own float32 on the same device, measured alike.</param>
internal sealed record PeerTensor(string Name, int Count, double Norm, double NormScale,
    int[] Indices, double[] Values, double Scale, double OwnError)
{
    /// <summary>
    /// Relative error of ours: that of the elements or that of the norm, whichever is larger; ∞ for another number of elements, NaN
    /// where one is no number.
    /// </summary>
    public double ErrorOf(float[] ours)
    {
        if (ours.Length != Count) return double.PositiveInfinity;
        double difference = 0, square = 0;
        for (int i = 0; i < Indices.Length; i++) difference += Math.Pow(ours[Indices[i]] - Values[i], 2);
        foreach (float value in ours) square += (double)value * value;
        return Math.Max(Relative(Math.Sqrt(difference), Scale), Relative(Math.Abs(Math.Sqrt(square) - Norm), NormScale));
    }

    static double Relative(double error, double scale) => scale > 0 ? error / scale : error;
}
