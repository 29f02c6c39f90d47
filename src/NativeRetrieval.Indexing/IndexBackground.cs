using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>
/// Scores that mean nothing, as the scale of those that do: sentences of everyday sounds against a sample of the index's windows, and these
/// windows against each other. A hit's percentile is the share of them that is below its score.
/// </summary>
public sealed record IndexBackground
{
    /// <summary>Steps between the smallest and the greatest score.</summary>
    internal const int Steps = 1_000;

    /// <summary>Files of the index when it was made.</summary>
    public required long Files { get; init; }

    /// <summary>Quantiles of sentences' scores, 1,001 from the smallest to the greatest; empty: none were made.</summary>
    public required IReadOnlyList<float> Sentences { get; init; }

    /// <summary>Quantiles of the scores of windows of different files, in the same form.</summary>
    public required IReadOnlyList<float> Sounds { get; init; }

    /// <summary>Quantiles of scores in the form of this record; empty where there are none.</summary>
    public static float[] QuantilesOf(float[] scores)
    {
        if (scores.Length == 0) return [];
        float[] sorted = [.. scores];
        Array.Sort(sorted);
        return [.. Enumerable.Range(0, Steps + 1).Select(step => sorted[(int)Math.Round((double)step * (sorted.Length - 1) / Steps)])];
    }

    /// <summary>Share of the background below a score, 0 to 100; NaN where there is no background.</summary>
    /// <param name="quantiles"><see cref="Sentences"/> or <see cref="Sounds"/>.</param>
    public static double PercentileOf(IReadOnlyList<float> quantiles, float score)
    {
        if (quantiles.Count < 2) return double.NaN;
        int low = 0, high = quantiles.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (quantiles[middle] < score) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return 0;
        if (low == quantiles.Count) return 100;
        double span = (double)quantiles[low] - quantiles[low - 1], part = span > 0 ? (score - quantiles[low - 1]) / span : 1;
        return 100 * (low - 1 + part) / (quantiles.Count - 1);
    }

    /// <summary>Mean and standard deviation of the background; 0 and 0.1 where there is none.</summary>
    internal static (double Mean, double Deviation) ScaleOf(IReadOnlyList<float> quantiles)
    {
        if (quantiles.Count < 2) return (0, 0.1);
        double mean = quantiles.Average(), deviation = Math.Sqrt(quantiles.Average(value => (value - mean) * (value - mean)));
        return (mean, deviation > 0 ? deviation : 0.1);
    }

    internal byte[] Encode()
    {
        byte[] bytes = new byte[sizeof(int) + sizeof(float) * (Sentences.Count + Sounds.Count)];
        MemoryMarshal.Write(bytes, Sentences.Count);
        float[] all = [.. Sentences, .. Sounds];
        MemoryMarshal.AsBytes(all.AsSpan()).CopyTo(bytes.AsSpan(sizeof(int)));
        return bytes;
    }

    /// <exception cref="ArgumentException">The bytes are of another form.</exception>
    internal static IndexBackground Decode(long files, byte[] bytes)
    {
        if (bytes.Length < sizeof(int) || bytes.Length % sizeof(float) != 0) throw new ArgumentException("the background has another form");
        int sentences = MemoryMarshal.Read<int>(bytes);
        float[] all = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(sizeof(int))).ToArray();
        if (sentences < 0 || sentences > all.Length
            || !all.All(float.IsFinite)) throw new ArgumentException("the background has another form");
        return new IndexBackground { Files = files, Sentences = all[..sentences], Sounds = all[sentences..] };
    }

    internal IndexBackground Validated() =>
        new[] { Sentences, Sounds }.All(list => list.Count is 0 or Steps + 1 && list.All(float.IsFinite)) ? this
            : throw new OptionException($"index background: each list has {Steps + 1} finite numbers, or none");
}
