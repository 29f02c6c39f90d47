namespace NativeRetrieval.Text.Bpe;

/// <summary>
/// The merging of one word after another, in time n·log n: a queue of the pairs that have a rule, the lowest rank and then the leftmost
/// first, over a linked list of what is left. Keeps its memory for the next word; for one thread.
/// </summary>
internal sealed class WordMerger(MergeRules rules)
{
    const int None = -1;

    readonly PriorityQueue<int, ulong> _pairs = new();
    int[] _ids = new int[64], _previous = new int[64], _next = new int[64], _rank = new int[64], _merged = new int[64];

    /// <summary>Merges until no rule fits.</summary>
    /// <param name="symbols">Ids of a word's bytes.</param>
    /// <param name="output">Receives the ids that are left.</param>
    /// <param name="lengths">Receives the number of bytes of each; null: not wanted.</param>
    public void Merge(ReadOnlySpan<int> symbols, List<int> output, List<int>? lengths = null)
    {
        int count = symbols.Length;
        Reserve(count);
        symbols.CopyTo(_ids);
        _pairs.Clear();
        for (int at = 0; at < count; at++)
        {
            _previous[at] = at - 1;
            _next[at] = at + 1 < count ? at + 1 : None;
        }
        for (int at = 0; at < count; at++) Offer(at);
        while (_pairs.TryDequeue(out int at, out ulong order))
        {
            // What changed since it was queued was queued anew.
            if (_rank[at] != (int)(order >> 32)) continue;
            int right = _next[at], behind = _next[right];
            (_ids[at], _next[at], _rank[right]) = (_merged[at], behind, None);
            if (behind != None) _previous[behind] = at;
            Offer(at);
            if (_previous[at] != None) Offer(_previous[at]);
        }
        for (int at = count > 0 ? 0 : None; at != None; at = _next[at])
        {
            output.Add(_ids[at]);
            lengths?.Add((_next[at] == None ? count : _next[at]) - at);
        }
    }

    /// <summary>Queues the pair that begins at a place, if a rule fits it.</summary>
    void Offer(int at)
    {
        _rank[at] = None;
        if (_next[at] == None || !rules.TryFind(_ids[at], _ids[_next[at]], out int rank, out int id)) return;
        (_rank[at], _merged[at]) = (rank, id);
        _pairs.Enqueue(at, ((ulong)(uint)rank << 32) | (uint)at);
    }

    void Reserve(int count)
    {
        if (count <= _ids.Length) return;
        int size = Math.Max(count, 2 * _ids.Length);
        (_ids, _previous, _next, _rank, _merged) = (new int[size], new int[size], new int[size], new int[size], new int[size]);
    }
}
