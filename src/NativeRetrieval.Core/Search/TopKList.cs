namespace NativeRetrieval.Core.Search;

/// <summary>
/// The k best (score, id) pairs offered so far. Higher scores are better; equal scores are ranked by id, lower first;
/// NaN ranks below every number. This is a total order, so the result does not depend on the order of the offers.
/// </summary>
/// <remarks>A binary heap with the worst kept pair at its root: an offer that is not good enough costs one comparison.</remarks>
internal sealed class TopKList(int k)
{
    readonly float[] _scores = new float[k];
    readonly long[] _ids = new long[k];
    int _count;

    public int Count => _count;

    public void Clear() => _count = 0;

    public void Offer(float score, long id)
    {
        if (_count == k)
        {
            if (k == 0 || !Better(score, id, _scores[0], _ids[0])) return;
            SinkFromRoot(score, id, _count);
            return;
        }

        int at = _count++;
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!Better(_scores[parent], _ids[parent], score, id)) break;
            (_scores[at], _ids[at]) = (_scores[parent], _ids[parent]);
            at = parent;
        }
        (_scores[at], _ids[at]) = (score, id);
    }

    public void Merge(TopKList other)
    {
        for (int i = 0; i < other._count; i++) Offer(other._scores[i], other._ids[i]);
    }

    /// <summary>Empties the list into <paramref name="scores"/> and <paramref name="ids"/>, best first; both hold at least <see cref="Count"/>.</summary>
    public void Drain(Span<float> scores, Span<long> ids)
    {
        for (int last = _count - 1; last >= 0; last--)
        {
            (scores[last], ids[last]) = (_scores[0], _ids[0]);
            SinkFromRoot(_scores[last], _ids[last], last);
        }
        _count = 0;
    }

    public static bool Better(float score, long id, float otherScore, long otherId)
    {
        if (score > otherScore) return true;
        if (score < otherScore) return false;
        if (score == otherScore || (float.IsNaN(score) && float.IsNaN(otherScore))) return id < otherId;
        return float.IsNaN(otherScore);
    }

    /// <summary>Replaces the root of a heap of <paramref name="count"/> pairs and restores the order.</summary>
    void SinkFromRoot(float score, long id, int count)
    {
        int at = 0;
        while (true)
        {
            int child = 2 * at + 1;
            if (child >= count) break;
            if (child + 1 < count && Better(_scores[child], _ids[child], _scores[child + 1], _ids[child + 1])) child++;
            if (!Better(score, id, _scores[child], _ids[child])) break;
            (_scores[at], _ids[at]) = (_scores[child], _ids[child]);
            at = child;
        }
        if (count > 0) (_scores[at], _ids[at]) = (score, id);
    }
}
