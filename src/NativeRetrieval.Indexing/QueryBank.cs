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

    /// <summary>Sounds that a sentence is compared with while it is in the processor's cache.</summary>
    const int Tile = 16;

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

    /// <summary>
    /// Hubness of sounds. Many at once take less time than one after another: the sentences are read once for some of them.
    /// </summary>
    /// <param name="units">Their vectors [sounds, width], row-major, of length 1.</param>
    /// <returns>One value for each sound.</returns>
    public double[] HubnessOf(ReadOnlySpan<float> units)
    {
        double[] hubness = new double[units.Length / Width];
        float[] scores = new float[Tile * Count];
        for (int first = 0; first < hubness.Length; first += Tile)
        {
            int sounds = Math.Min(Tile, hubness.Length - first);
            var tile = units.Slice(first * Width, sounds * Width);
            for (int sentence = 0; sentence < Count; sentence++)
            {
                var unit = _units.AsSpan(sentence * Width, Width);
                int sound = 0;
                for (; sound + 4 <= sounds; sound += 4) Dot4(tile[(sound * Width)..], unit, scores.AsSpan(sound * Count + sentence), Count);
                for (; sound < sounds; sound++) scores[sound * Count + sentence] = Dot(tile.Slice(sound * Width, Width), unit);
            }
            for (int sound = 0; sound < sounds; sound++) hubness[first + sound] = Hubness(scores.AsSpan(sound * Count, Count));
        }
        return hubness;
    }

    /// <summary>Hubness of a sound by its scores.</summary>
    /// <param name="scores">Cosines of the sound with the bank's sentences, at least one.</param>
    public static double Hubness(ReadOnlySpan<float> scores)
    {
        // Relative to the greatest, so that nothing overflows.
        float greatest = float.NegativeInfinity;
        foreach (float score in scores) greatest = Math.Max(greatest, score);
        var lanes = MemoryMarshal.Cast<float, Vector<float>>(scores);
        var sums = Vector<double>.Zero;
        foreach (var lane in lanes)
        {
            Vector.Widen(lane, out var low, out var high);
            sums += Exponential(low) + Exponential(high);
        }
        double sum = Vector.Sum(sums);
        foreach (float score in scores[(lanes.Length * Vector<float>.Count)..])
            sum += Math.Exp(InverseTemperature * (score - (double)greatest));
        return greatest + Math.Log(sum / scores.Length) / InverseTemperature;

        Vector<double> Exponential(Vector<double> lane) => Vector.Exp(InverseTemperature * (lane - new Vector<double>(greatest)));
    }

    /// <summary>Dot products of four vectors with one.</summary>
    /// <param name="vectors">[4, width].</param>
    /// <param name="dots">Room for the products, which lie <paramref name="stride"/> apart.</param>
    static void Dot4(ReadOnlySpan<float> vectors, ReadOnlySpan<float> one, Span<float> dots, int stride)
    {
        int width = one.Length;
        var lanes = MemoryMarshal.Cast<float, Vector<float>>(one);
        var lanes0 = MemoryMarshal.Cast<float, Vector<float>>(vectors[..width])[..lanes.Length];
        var lanes1 = MemoryMarshal.Cast<float, Vector<float>>(vectors.Slice(width, width))[..lanes.Length];
        var lanes2 = MemoryMarshal.Cast<float, Vector<float>>(vectors.Slice(2 * width, width))[..lanes.Length];
        var lanes3 = MemoryMarshal.Cast<float, Vector<float>>(vectors.Slice(3 * width, width))[..lanes.Length];
        Vector<float> sums0 = default, sums1 = default, sums2 = default, sums3 = default;
        for (int i = 0; i < lanes.Length; i++)
        {
            var lane = lanes[i];
            sums0 = Vector.FusedMultiplyAdd(lanes0[i], lane, sums0);
            sums1 = Vector.FusedMultiplyAdd(lanes1[i], lane, sums1);
            sums2 = Vector.FusedMultiplyAdd(lanes2[i], lane, sums2);
            sums3 = Vector.FusedMultiplyAdd(lanes3[i], lane, sums3);
        }
        (dots[0], dots[stride], dots[2 * stride], dots[3 * stride]) = (Vector.Sum(sums0), Vector.Sum(sums1), Vector.Sum(sums2),
            Vector.Sum(sums3));
        for (int i = lanes.Length * Vector<float>.Count; i < width; i++)
            for (int vector = 0; vector < 4; vector++) dots[vector * stride] += vectors[vector * width + i] * one[i];
    }

    static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var lanesA = MemoryMarshal.Cast<float, Vector<float>>(a);
        var lanesB = MemoryMarshal.Cast<float, Vector<float>>(b);
        var sums = Vector<float>.Zero;
        for (int i = 0; i < lanesA.Length; i++) sums = Vector.FusedMultiplyAdd(lanesA[i], lanesB[i], sums);
        float sum = Vector.Sum(sums);
        for (int i = lanesA.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
