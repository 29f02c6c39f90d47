using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Cuda.Backend.LogMel;

/// <summary>
/// Mel filters cut into parts of nearly equal length, which the 32 lanes of a warp sum in rounds: a round is as long as its longest part,
/// and each step costs as many turns as lanes read frequencies of one memory bank.
/// </summary>
internal sealed class MelParts
{
    public const int Lanes = 32;
    const int ShortestCut = 4;

    MelParts(MelFilterbank mel, int longest)
    {
        List<MelPart> parts = [];
        for (int filter = 0; filter < mel.MelBins; filter++)
        {
            FirstParts.Add(parts.Count);
            var support = mel.Support(filter);
            int start = support.Start.Value, length = support.End.Value - start, count = Math.Max(1, (length + longest - 1) / longest);
            for (int i = 0; i < count; i++)
            {
                int from = start + length * i / count;
                parts.Add(new(filter, parts.Count, from, from, start + length * (i + 1) / count));
            }
        }
        FirstParts.Add(parts.Count);
        foreach (var round in parts.OrderBy(part => part.Length).Chunk(Lanes)) Rounds.Add(new(Placed(round, mel.FrequencyBins)));
    }

    /// <summary>First part of each filter, and the number of all.</summary>
    public List<int> FirstParts { get; } = [];

    public List<MelRound> Rounds { get; } = [];

    /// <summary>The cut that takes the fewest steps and turns.</summary>
    public static MelParts Of(MelFilterbank mel)
    {
        int longest = Enumerable.Range(0, mel.MelBins).Max(filter => mel.Support(filter).End.Value - mel.Support(filter).Start.Value);
        return Enumerable.Range(ShortestCut, Math.Max(1, longest - ShortestCut + 1)).Select(cut => new MelParts(mel, cut))
            .MinBy(plan => plan.Rounds.Sum(round => round.Steps * (1 + round.Turns) + ShortestCut))!;
    }

    /// <summary>Begins shorter parts at earlier frequencies, of weight 0, where that keeps them out of each other's banks.</summary>
    static List<MelPart> Placed(MelPart[] round, int frequencies)
    {
        int steps = round.Max(part => part.Length);
        int[] used = new int[Lanes];
        List<MelPart> placed = [];
        foreach (var part in round.OrderByDescending(part => part.Length))
        {
            int latest = Math.Min(part.From, frequencies - steps), earliest = Math.Max(0, part.To - steps);
            int start = Enumerable.Range(earliest, latest - earliest + 1).MinBy(at => used[at % Lanes]);
            used[start % Lanes]++;
            placed.Add(part with { Start = start });
        }
        return placed;
    }
}

/// <summary>
/// Frequencies <paramref name="From"/> … <paramref name="To"/> − 1 of a filter; a lane begins at <paramref name="Start"/>.
/// </summary>
internal sealed record MelPart(int Filter, int Number, int Start, int From, int To)
{
    public int Length => To - From;

    public double Weight(MelFilterbank mel, int step) => Start + step >= From && Start + step < To ? mel.Weight(Start + step, Filter) : 0;
}

/// <summary>Parts that the lanes of a warp sum at the same time.</summary>
internal sealed record MelRound(List<MelPart> Parts)
{
    public int Steps { get; } = Parts.Max(part => part.Length);

    /// <summary>Most lanes that read one bank in a step.</summary>
    public int Turns { get; } = Parts.CountBy(part => part.Start % MelParts.Lanes).Max(bank => bank.Value);
}
