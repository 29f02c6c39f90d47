using System.Numerics;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>
/// Sentences by which sounds that are near to almost any sentence (hubs) are taken down: query-bank normalisation (Bogolin, Croitoru, Jin,
/// Liu and Albanie, CVPR 2022) by the inverted softmax (Smith, Turban, Hamblin and Hammerla, ICLR 2017), in logarithms. A sound's score s
/// becomes s − h with its hubness <c>h = 1/β · log(mean over the bank's scores b of exp(β · b))</c>.
/// </summary>
public sealed class QueryBank
{
    /// <summary>The β of the formula. The paper's is 20, for models that were trained on far more captions.</summary>
    public const double InverseTemperature = 5;

    /// <summary>Fewest sentences of a bank.</summary>
    public const int Least = 10;

    readonly float[] _units;

    /// <summary>Makes a bank of sentences' vectors by the index's model.</summary>
    /// <param name="vectors">[sentences, width], row-major, each of any length but 0.</param>
    /// <param name="width">Values of a vector.</param>
    /// <exception cref="OptionException">There are fewer than ten.</exception>
    /// <exception cref="IndexException">A vector holds NaN or infinity, or is zero.</exception>
    public QueryBank(ReadOnlySpan<float> vectors, int width)
    {
        (Width, Count) = (width, vectors.Length / width);
        RequireEnough(Count, "search");
        _units = new float[Count * width];
        for (int i = 0; i < Count; i++)
        {
            int sentence = i;
            UnitVector.Of(vectors.Slice(i * width, width), _units.AsSpan(i * width, width), () => $"query bank: sentence {sentence + 1}");
        }
    }

    /// <summary>Values of a vector.</summary>
    public int Width { get; }

    /// <summary>Number of sentences.</summary>
    public int Count { get; }

    /// <summary>Refuses a bank that is too small to tell a hub from a sound that its few sentences describe.</summary>
    /// <param name="sentences">Number of different sentences.</param>
    /// <param name="source">Their file, for the message.</param>
    /// <exception cref="OptionException">There are fewer than ten sentences.</exception>
    public static void RequireEnough(int sentences, string source)
    {
        if (sentences < Least)
            throw new OptionException($"{source}: {sentences} different {(sentences == 1 ? "sentence" : "sentences")} cannot tell which "
                + $"sounds are near to any; a query bank takes {Least} or more, best some hundreds of captions or questions of all kinds");
    }

    /// <summary>Hubness of a sound.</summary>
    /// <param name="unit">Its vector [width], of length 1.</param>
    public double HubnessOf(ReadOnlySpan<float> unit)
    {
        float[] scores = new float[Count];
        for (int i = 0; i < Count; i++) scores[i] = Dot(unit, _units.AsSpan(i * Width, Width));
        return Hubness(scores);
    }

    /// <summary>Hubness of a sound by its scores.</summary>
    /// <param name="scores">Cosines of the sound with the bank's sentences, at least one.</param>
    public static double Hubness(ReadOnlySpan<float> scores)
    {
        // Relative to the greatest, so that nothing overflows.
        float greatest = float.NegativeInfinity;
        foreach (float score in scores) greatest = Math.Max(greatest, score);
        double sum = 0;
        foreach (float score in scores) sum += Math.Exp(InverseTemperature * (score - (double)greatest));
        return greatest + Math.Log(sum / scores.Length) / InverseTemperature;
    }

    static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var lanesA = MemoryMarshal.Cast<float, Vector<float>>(a);
        var lanesB = MemoryMarshal.Cast<float, Vector<float>>(b);
        var sums = Vector<float>.Zero;
        for (int i = 0; i < lanesA.Length; i++) sums += lanesA[i] * lanesB[i];
        float sum = Vector.Sum(sums);
        for (int i = lanesA.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
