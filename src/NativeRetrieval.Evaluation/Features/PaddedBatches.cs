using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Evaluation.Features;

/// <summary>
/// The lengths to which clips are filled where padding counts as sound (<see cref="Models.PaddingRule.Paper"/>). Batches are those of the
/// report's authors: pairs of clip and caption in the order of the data, as many as in a training batch, and a clip is heard in the batch
/// of its first caption. A clip without captions is one pair.
/// </summary>
internal static class PaddedBatches
{
    /// <summary>Samples of the longest waveform of each clip's batch.</summary>
    /// <param name="batchSize">Pairs of a batch.</param>
    public static int[] Longest(IReadOnlyList<Clip> clips, Func<int, int> samples, int batchSize)
    {
        var first = new long[clips.Count];
        for (int i = 1; i < clips.Count; i++) first[i] = first[i - 1] + Pairs(clips[i - 1]);
        var longest = new Dictionary<long, int>();
        for (int i = 0; i < clips.Count; i++)
            for (long batch = first[i] / batchSize; batch <= (first[i] + Pairs(clips[i]) - 1) / batchSize; batch++)
                longest[batch] = Math.Max(longest.GetValueOrDefault(batch), samples(i));
        return [.. first.Select(pair => longest[pair / batchSize])];
    }

    static int Pairs(Clip clip) => Math.Max(1, clip.Captions.Count);
}
