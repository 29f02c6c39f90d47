namespace NativeRetrieval.Cuda.Runtime.Graphs;

/// <summary>
/// Places for blocks in one stretch of memory: the smallest gap that a block fits into, the first of equals. The same sequence of calls
/// gives the same places.
/// </summary>
/// <param name="limit">The length of the stretch in bytes.</param>
internal sealed class ArenaLayout(long limit)
{
    const long Alignment = 512;

    readonly SortedDictionary<long, long> _blocks = []; // start, length

    /// <summary>The end of the last place that was ever given out.</summary>
    public long HighWater { get; private set; }

    /// <summary>The number of blocks that have a place.</summary>
    public int Count => _blocks.Count;

    /// <summary>A place for so many bytes; −1 where there is none.</summary>
    public long Take(long sizeBytes)
    {
        long size = (Math.Max(sizeBytes, 1) + Alignment - 1) / Alignment * Alignment;
        long best = -1, bestGap = long.MaxValue, end = 0;
        foreach (var (start, length) in _blocks)
        {
            long gap = start - end;
            if (gap >= size && gap < bestGap) (best, bestGap) = (end, gap);
            end = start + length;
        }
        if (best < 0)
        {
            if (size > limit - end) return -1;
            best = end;
        }
        _blocks.Add(best, size);
        HighWater = Math.Max(HighWater, best + size);
        return best;
    }

    /// <summary>Takes a place back; false where none begins there.</summary>
    public bool Free(long start) => _blocks.Remove(start);
}
