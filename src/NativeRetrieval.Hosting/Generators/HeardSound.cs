namespace NativeRetrieval.Hosting.Generators;

/// <summary>The windows of one sound, as far as they were embedded.</summary>
/// <param name="width">D, values of a vector.</param>
internal sealed class HeardSound(int width)
{
    readonly double[] _sum = new double[width];
    float[] _first = [];

    public int Windows { get; private set; }

    public double Seconds { get; set; }

    public string? Damage { get; set; }

    /// <param name="vectors">Unit vectors of the next windows, [windows, D].</param>
    public void Add(float[] vectors)
    {
        if (Windows == 0) _first = vectors;
        for (int i = 0; i < vectors.Length; i++) _sum[i % width] += vectors[i];
        Windows += vectors.Length / width;
    }

    /// <summary>The mean of the windows' vectors, of length 1; that of a single window is its own, bit for bit.</summary>
    public float[] Vector()
    {
        if (Windows == 1) return _first;
        double length = Math.Sqrt(_sum.Sum(value => value * value));
        return Array.ConvertAll(_sum, value => (float)(value / length));
    }
}
