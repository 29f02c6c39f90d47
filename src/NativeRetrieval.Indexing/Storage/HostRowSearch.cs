using NativeRetrieval.Core.Search;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// Search on the CPU. The first search that sees a row reads it from its file into memory and compares it with what was committed; later
/// ones find it there, whatever happens to the file. An index that takes more than half of the memory is read and compared by every search.
/// </summary>
internal sealed class HostRowSearch(SegmentFormat format) : IRowSearch
{
    /// <summary>Bytes of rows that are in memory at a time where the index is not.</summary>
    const int WindowSizeBytes = 64 << 20;

    readonly Lock _gate = new();
    readonly Dictionary<int, Segment> _segments = [];
    bool _disposed;

    /// <summary>The most bytes of rows to keep. Default: half of the memory that this process may use.</summary>
    public long MaxSizeBytes { get; set; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    public TopKList[] TopK(ReadSession session, IReadOnlyList<SegmentRows> segments, ReadOnlySpan<float> queries, int k)
    {
        if (k == 0) return RowSearch.TopK([], format.Element, format.Dimension, queries, k);
        bool fits = segments.Sum(rows => (long)rows.Count * format.StrideBytes) <= MaxSizeBytes;
        var acquired = new List<RowMemory>(segments.Count);
        try
        {
            return fits
                ? RowSearch.TopK(InMemory(session, segments, acquired), format.Element, format.Dimension, queries, k)
                : TopKOfFiles(session, segments, queries, k);
        }
        finally
        {
            foreach (var memory in acquired) memory.Release();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            RemoveAllBut(_ => false);
        }
    }

    /// <summary>All rows in memory, those that are new to it read and compared.</summary>
    /// <param name="acquired">Gets what the caller has to release after the search.</param>
    List<RowBlock> InMemory(ReadSession session, IReadOnlyList<SegmentRows> segments, List<RowMemory> acquired)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var kept = segments.Select(rows => rows.Id).ToHashSet();
            // Ids only grow: one that the session lacks, before its last, was compacted away; one behind is newer than the session.
            RemoveAllBut(id => kept.Contains(id) || segments.Count == 0 || id > segments[^1].Id);

            var blocks = new List<RowBlock>();
            foreach (var rows in segments)
            {
                if (!_segments.TryGetValue(rows.Id, out var segment)) _segments.Add(rows.Id, segment = new Segment(new RowMemory(format)));
                segment.Load(session, rows);
                segment.Memory.Acquire();
                acquired.Add(segment.Memory);
                blocks.AddRange(segment.Memory.Blocks(rows.Count, RowId.Of(rows.Id, 0), rows.Excluded));
            }
            return blocks;
        }
    }

    TopKList[] TopKOfFiles(ReadSession session, IReadOnlyList<SegmentRows> segments, ReadOnlySpan<float> queries, int k)
    {
        lock (_gate) RemoveAllBut(_ => false);
        int pieceRows = RowMemory.PieceRows(format);
        int window = pieceRows * Math.Max(1, WindowSizeBytes / format.StrideBytes / pieceRows);
        var best = RowSearch.TopK([], format.Element, format.Dimension, queries, k);
        var memory = new RowMemory(format);
        try
        {
            foreach (var rows in segments)
            {
                uint[] checksums = new uint[rows.Count];
                for (int first = 0; first < rows.Count; first += window)
                {
                    uint[] here = new uint[Math.Min(window, rows.Count - first)];
                    memory.Read(rows.File, first, place: 0, here);
                    here.CopyTo(checksums, first);
                    var blocks = memory.Blocks(here.Length, RowId.Of(rows.Id, first),
                        rows.Excluded.AsMemory(Math.Min(first / 64, rows.Excluded.Length))).ToList();
                    var found = RowSearch.TopK(blocks, format.Element, format.Dimension, queries, k);
                    for (int q = 0; q < best.Length; q++) best[q].Merge(found[q]);
                }
                session.Confirm(rows, sum: 0, first: 0, checksums);
            }
            return best;
        }
        finally
        {
            memory.Release();
        }
    }

    void RemoveAllBut(Func<int, bool> isKept)
    {
        foreach (int id in _segments.Keys.Where(id => !isKept(id)).ToList())
        {
            _segments[id].Memory.Release();
            _segments.Remove(id);
        }
    }

    /// <summary>The rows of one segment that are in memory and have been compared.</summary>
    sealed class Segment(RowMemory memory)
    {
        int _count;
        uint _sum;

        public RowMemory Memory => memory;

        public void Load(ReadSession session, SegmentRows rows)
        {
            if (rows.Count <= _count) return;
            uint[] checksums = new uint[rows.Count - _count];
            memory.Read(rows.File, _count, _count, checksums);
            _sum = session.Confirm(rows, _sum, _count, checksums);
            _count = rows.Count;
        }
    }
}
