using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Core.Cpu.Losses;

/// <summary>The items of a batch that belong together; the same seen from either item.</summary>
/// <param name="clips">A number for each item's clip.</param>
/// <param name="texts">A number for each item's caption text.</param>
internal readonly unsafe struct PairRelation(Positives kind, int* clips, int* texts, int batch)
{
    /// <summary>True where every item's right answer is its own pair alone.</summary>
    public bool IsOneToOne => kind is Positives.Paper or Positives.Dropped;

    public int Batch => batch;

    /// <summary>
    /// The next item from <paramref name="start"/> that is an answer to <paramref name="item"/>; the batch's size after the last.
    /// </summary>
    public int NextPositive(int item, int start)
    {
        if (IsOneToOne) return start <= item ? item : batch;
        while (start < batch && start != item && !IsRelated(item, start)) start++;
        return start;
    }

    /// <summary>Takes items that are related, but no answers, out of a row of scores: −∞ has no part in its soft-max.</summary>
    public void Drop(int item, double* scores)
    {
        if (kind != Positives.Dropped) return;
        for (int j = 0; j < batch; j++)
            if (j != item && IsRelated(item, j)) scores[j] = double.NegativeInfinity;
    }

    bool IsRelated(int i, int j) => clips[i] == clips[j] || (kind != Positives.Clip && texts[i] == texts[j]);
}
