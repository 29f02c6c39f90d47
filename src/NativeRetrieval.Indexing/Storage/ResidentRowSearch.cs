using System.Runtime.InteropServices;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// Search on a device that holds a copy of all committed rows, loaded by the first search that sees them, each row once. Committed rows
/// never change, so a copy serves every later session; deletions and filters come with each search.
/// </summary>
internal sealed class ResidentRowSearch(SegmentFormat format, Device device) : IRowSearch
{
    readonly int _width = format.StrideBytes / format.Element.SizeBytes();
    readonly Lock _gate = new();
    readonly Dictionary<int, ResidentSegment> _segments = [];
    bool _disposed;

    public TopKList[] TopK(IReadOnlyList<RowBlock> blocks, ReadOnlySpan<float> queries, int k)
    {
        var best = new TopKList[queries.Length / format.Dimension];
        for (int query = 0; query < best.Length; query++) best[query] = new TopKList(k);
        if (k == 0) return best;

        using var scope = TensorScope.Begin();
        var rows = Resident(blocks);
        var padded = Padded(queries);
        // All segments are queued before the first result is waited for.
        var found = new List<(RowBlock Block, Tensor Scores, Tensor Rows)>(blocks.Count);
        for (int i = 0; i < rows.Count; i++)
        {
            var excluded = blocks[i].Excluded is { Length: > 0 } words
                ? Tensor.From(MemoryMarshal.Cast<ulong, long>(words), [words.Length], device)
                : null;
            var (scores, places) = Op.SearchRows(rows[i], padded, Math.Min(k, blocks[i].Count), excluded);
            found.Add((blocks[i], scores, places));
        }
        foreach (var (block, scores, places) in found) Merge(best, block, scores.ToArray<float>(), places.ToArray<int>());
        return best;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var segment in _segments.Values) segment.Dispose();
            _segments.Clear();
        }
    }

    /// <summary>
    /// Each block's rows on the device, [count, padded width]; they live as long as the caller's scope, whatever happens to the segment.
    /// </summary>
    List<Tensor> Resident(IReadOnlyList<RowBlock> blocks)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            RemoveCompacted(blocks);
            var rows = new List<Tensor>(blocks.Count);
            foreach (var block in blocks)
            {
                int id = RowId.Segment(block.FirstId);
                if (!_segments.TryGetValue(id, out var segment))
                    _segments.Add(id, segment = new ResidentSegment(device, format.Element, _width));
                rows.Add(segment.Rows(block));
            }
            return rows;
        }
    }

    /// <summary>
    /// A compaction writes new segments with higher numbers in place of all there were; a higher one than the session's is newer than it.
    /// </summary>
    void RemoveCompacted(IReadOnlyList<RowBlock> blocks)
    {
        if (blocks.Count == 0) return;
        int first = RowId.Segment(blocks[0].FirstId);
        foreach (int id in _segments.Keys.Where(id => id < first).ToList())
        {
            _segments[id].Dispose();
            _segments.Remove(id);
        }
    }

    /// <summary>The queries as wide as the rows are.</summary>
    Tensor Padded(ReadOnlySpan<float> queries)
    {
        int count = queries.Length / format.Dimension;
        if (_width == format.Dimension) return Tensor.From(queries, [count, _width], device);
        float[] padded = new float[checked(count * _width)];
        for (int query = 0; query < count; query++)
            queries.Slice(query * format.Dimension, format.Dimension).CopyTo(padded.AsSpan(query * _width));
        return Tensor.From(padded, [count, _width], device);
    }

    static void Merge(TopKList[] best, RowBlock block, float[] scores, int[] rows)
    {
        int k = scores.Length / best.Length;
        for (int i = 0; i < scores.Length; i++)
            if (rows[i] >= 0) best[i / k].Offer(scores[i], block.FirstId + rows[i]);
    }
}
