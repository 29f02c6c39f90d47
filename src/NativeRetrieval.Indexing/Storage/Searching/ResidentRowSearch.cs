using System.Runtime.InteropServices;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>
/// Search on a device that holds a copy of all committed rows, loaded by the first search that sees them and compared
/// with what was committed, each row once. Committed rows
/// never change, so a copy serves every later session; deletions and filters come with each search.
/// </summary>
internal sealed class ResidentRowSearch(SegmentFormat format, Device device) : IRowSearch
{
    readonly int _width = format.StrideBytes / format.Element.SizeBytes();
    readonly Lock _gate = new();
    readonly Dictionary<int, ResidentSegment> _segments = [];
    bool _disposed;

    public TopKList[] TopK(ReadSession session, IReadOnlyList<SegmentRows> segments, ReadOnlySpan<float> queries, int k)
    {
        var best = new TopKList[queries.Length / format.Dimension];
        for (int query = 0; query < best.Length; query++) best[query] = new TopKList(k);
        if (k == 0) return best;

        using var scope = TensorScope.Begin();
        var rows = Resident(session, segments);
        var padded = Padded(queries);
        // All segments are queued before the first result is waited for.
        var found = new List<(SegmentRows Segment, Tensor Scores, Tensor Rows)>(segments.Count);
        for (int i = 0; i < rows.Count; i++)
        {
            var excluded = segments[i].Excluded is { Length: > 0 } words
                ? Tensor.From(MemoryMarshal.Cast<ulong, long>(words), [words.Length], device)
                : null;
            var (scores, places) = Op.SearchRows(rows[i].Rows, padded, Math.Min(k, segments[i].Count), excluded, rows[i].Rounded);
            found.Add((segments[i], scores, places));
        }
        foreach (var (segment, scores, places) in found) Merge(best, segment, scores.ToArray<float>(), places.ToArray<int>());
        return best;
    }

    public void Load(ReadSession session)
    {
        using var scope = TensorScope.Begin();
        Resident(session, session.Rows.Segments);
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
    /// Each segment's rows on the device, [count, padded width], and their copies in bfloat16 where it keeps them; they live as long as the
    /// caller's scope, whatever happens to the segment.
    /// </summary>
    List<(Tensor Rows, Tensor? Rounded)> Resident(ReadSession session, IReadOnlyList<SegmentRows> segments)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            RemoveCompacted(segments);
            // Half as many bytes again, as long as half of the device's memory stays free for everything else.
            long bytes = segments.Sum(rows => (long)rows.Count * format.StrideBytes);
            bool rounds = format.Element == DType.Float32 && device.ComputesInBFloat16 && bytes + bytes / 2 <= device.MemoryBytes / 2;
            var resident = new List<(Tensor Rows, Tensor? Rounded)>(segments.Count);
            foreach (var rows in segments)
            {
                if (!_segments.TryGetValue(rows.Id, out var segment))
                    _segments.Add(rows.Id, segment = new ResidentSegment(device, format, _width));
                resident.Add(segment.Rows(session, rows, rounds));
            }
            return resident;
        }
    }

    /// <summary>
    /// Ids only grow: one that the session lacks, before its last, was compacted away; one behind is newer than the session.
    /// </summary>
    void RemoveCompacted(IReadOnlyList<SegmentRows> segments)
    {
        if (segments.Count == 0) return;
        var kept = segments.Select(rows => rows.Id).ToHashSet();
        foreach (int id in _segments.Keys.Where(id => id < segments[^1].Id && !kept.Contains(id)).ToList())
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

    static void Merge(TopKList[] best, SegmentRows segment, float[] scores, int[] rows)
    {
        int k = scores.Length / best.Length;
        for (int i = 0; i < scores.Length; i++)
            if (rows[i] >= 0) best[i / k].Offer(scores[i], RowId.Of(segment.Id, rows[i]));
    }
}
