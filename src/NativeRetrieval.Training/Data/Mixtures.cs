using NativeRetrieval.Core.Rng;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Training.Data;

/// <summary>A clip and caption that an item is mixed with.</summary>
/// <param name="Item">The other clip and the caption that it brings.</param>
/// <param name="LevelDb">Gain of the other clip.</param>
internal readonly record struct Addition(TrainingItem Item, double LevelDb);

/// <summary>
/// The items of a batch that become mixtures: two clips at once, described by both captions (as in MixGen, Hao et al. 2022, arXiv
/// 2206.08358; here the powers add up). A function of the item's place in the batch and the batch's number alone.
/// </summary>
/// <param name="share">Share of the items that become mixtures.</param>
/// <param name="levelDb">Largest gain or loss of the added clip.</param>
internal sealed class Mixtures(Dataset data, double share, double levelDb, RunRandom random)
{
    const ulong NumbersPerItem = 4;

    /// <param name="place">Place of the item in its batch.</param>
    /// <param name="number">Number of the batch since the run began.</param>
    /// <returns>The clip to mix in; null: the item stays alone.</returns>
    public Addition? At(int place, long number)
    {
        if (share == 0) return null;
        var numbers = new PhiloxSequence(random.Stream(RandomUse.Mixture, number), (ulong)place * NumbersPerItem);
        if (numbers.NextUniform() >= share) return null;
        int clip = numbers.NextBelow(data.Clips.Count);
        int caption = numbers.NextBelow(data.Clips[clip].Captions.Count);
        return new Addition(new TrainingItem(clip, caption), levelDb * (2.0 * numbers.NextUniform() - 1));
    }
}
