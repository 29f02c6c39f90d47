using System.Globalization;
using System.Text;

namespace NativeRetrieval.Parity;

/// <summary>
/// Weights that any language rebuilds from a parameter's name and shape, so that golden files of full-size models need not carry them.
/// FNV-1a 64 of the name, followed by <c>#seed</c> where a set of golden files has a seed other than 0, starts SplitMix64;
/// its upper 24 bits give u in [−1, 1), and the range depends on what the name says it is.
/// </summary>
public static class FormulaWeights
{
    /// <summary>The elements of a set without a seed, row-major, computed in float64 and rounded to float32.</summary>
    public static float[] Of(string name, params int[] shape) => Of(name, seed: 0, shape);

    /// <summary>The elements of the set with a seed, row-major, computed in float64 and rounded to float32.</summary>
    public static float[] Of(string name, int seed, int[] shape)
    {
        var values = new float[shape.Aggregate(1L, (count, size) => checked(count * size))];
        if (name.EndsWith("num_batches_tracked", StringComparison.Ordinal)) return values;
        var (offset, scale) = Range(name, shape);
        var uniform = Uniform(name, seed);
        for (int i = 0; i < values.Length; i++) values[i] = (float)(offset + scale * uniform(i));
        return values;
    }

    /// <summary>u of the i-th element, counted from 0.</summary>
    public static Func<int, double> Uniform(string name, int seed)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(seed == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}#{seed}")))
            hash = (hash ^ b) * 0x100000001B3;
        return i =>
        {
            ulong z = hash + ((ulong)i + 1) * 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            return (z >> 40) / (double)(1 << 24) * 2 - 1;
        };
    }

    static (double Offset, double Scale) Range(string name, int[] shape)
    {
        // bn0 is PANNs' and LAION's name of the norm over mel bins, batch_norm Hugging Face's.
        if (Ends("bn0.running_mean") || Ends("audio_encoder.batch_norm.running_mean")) return (-40, 10);
        if (Ends("bn0.running_var") || Ends("audio_encoder.batch_norm.running_var")) return (300, 50);
        if (name.EndsWith(".running_mean", StringComparison.Ordinal) || name.EndsWith("bias", StringComparison.Ordinal)) return (0, 0.1);
        if (name.EndsWith(".running_var", StringComparison.Ordinal)) return (1, 0.2);
        return shape switch
        {
            [_, _] when name.Contains("embeddings", StringComparison.Ordinal) => (0, 0.05),
            [_] => (1, 0.1),
            [_, int inputs, int height, int width] => (0, Math.Sqrt(6.0 / (inputs * height * width))),
            [_, int inputs] => (0, Math.Sqrt(3.0 / inputs)),
            _ => throw new ArgumentException($"no formula for {name} [{string.Join(", ", shape)}]"),
        };

        bool Ends(string suffix) => name.EndsWith(suffix, StringComparison.Ordinal);
    }
}
