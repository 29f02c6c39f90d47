namespace NativeRetrieval.Core.Search;

/// <summary>
/// The k best (score, id) pairs offered so far. Higher scores are better; equal scores are ranked by id, lower first;
/// NaN ranks below every number. This is a total order, so the result does not depend on the order of the offers.
/// </summary>
/// <remarks>
/// A binary heap with the worst kept pair at its root: an offer that is not good enough costs one comparison. Memory for k pairs is
/// taken at once. Not safe for concurrent use: parallel work fills a list for each thread and merges them.
/// </remarks>
public sealed class TopKList
{
    readonly float[] _scores;
    readonly long[] _ids;
    int _count;

    /// <param name="k">Number of pairs to keep, 0 or more.</param>
    public TopKList(int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        (_scores, _ids) = (new float[k], new long[k]);
    }

    /// <summary>Number of pairs in the list, at most k.</summary>
    public int Count => _count;

    /// <summary>The least score in a full list: an offer below it changes nothing. NaN, which nothing is below, in any other.</summary>
    internal float Floor => _count > 0 && _count == _scores.Length ? _scores[0] : float.NaN;

    /// <summary>Adds a pair if it is among the k best so far.</summary>
    public void Offer(float score, long id)
    {
        if (_count == _ids.Length)
        {
            if (_count == 0 || !Better(score, id, _scores[0], _ids[0])) return;
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

    /// <summary>Offers every pair of <paramref name="other"/>, which stays as it is.</summary>
    public void Merge(TopKList other)
    {
        for (int i = 0; i < other._count; i++) Offer(other._scores[i], other._ids[i]);
    }

    /// <summary>
    /// Empties the list into <paramref name="scores"/> and <paramref name="ids"/>, best first; both hold at least <see cref="Count"/>.
    /// </summary>
    /// <exception cref="ArgumentException">One of them is shorter; the list stays as it is.</exception>
    public void Drain(Span<float> scores, Span<long> ids)
    {
        if (scores.Length < _count || ids.Length < _count)
            throw new ArgumentException($"the list holds {_count} pairs, there is room for {scores.Length} scores and {ids.Length} ids");
        for (int last = _count - 1; last >= 0; last--)
        {
            (scores[last], ids[last]) = (_scores[0], _ids[0]);
            SinkFromRoot(_scores[last], _ids[last], last);
        }
        _count = 0;
    }

    static bool Better(float score, long id, float otherScore, long otherId)
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
