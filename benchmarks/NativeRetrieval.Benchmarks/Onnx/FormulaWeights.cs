using System.Text;

namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>
/// Weights as a function of a parameter's name and shape (splitmix64 over FNV-1a of the name), so that every peer computes with the
/// same numbers and none has to be stored. The spreads keep activations of order one through deep networks.
/// </summary>
internal static class FormulaWeights
{
    public static float[] Of(string name, params long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        var (scale, offset) = Spread(name, shape);
        ulong seed = Hash(name);
        for (int i = 0; i < values.Length; i++) values[i] = (float)(offset + scale * Uniform(seed, i));
        return values;
    }

    /// <summary>value = offset + scale · u, u in [−1, 1).</summary>
    static (double Scale, double Offset) Spread(string name, long[] shape) => name switch
    {
        "bn0.running_mean" => (10, -40),
        "bn0.running_var" => (50, 300),
        _ when name.EndsWith(".running_mean", StringComparison.Ordinal) || name.EndsWith(".bias", StringComparison.Ordinal) => (0.1, 0),
        _ when name.EndsWith(".running_var", StringComparison.Ordinal) => (0.2, 1),
        _ when name.Contains("embeddings", StringComparison.Ordinal) && shape.Length == 2 => (0.05, 0),
        _ when shape.Length == 1 => (0.1, 1),
        _ when shape.Length == 4 => (Math.Sqrt(6.0 / (shape[1] * shape[2] * shape[3])), 0),
        _ => (Math.Sqrt(3.0 / shape[1]), 0),
    };

    static ulong Hash(string name)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name)) hash = (hash ^ b) * 0x100000001B3;
        return hash;
    }

    static double Uniform(ulong seed, int index)
    {
        ulong z = seed + (ulong)(index + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return (z >> 40) / 16777216.0 * 2 - 1;
    }
}
