using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>
/// Search on the CPU. The first search scores rows as they come from their files, each read and compared with what was committed once, and
/// keeps none: a process that searches once takes no memory for them. The second keeps them, rounded to fixed point, for the later ones,
/// which <see cref="RoundedSearch"/> makes exact. Until then a search of few rows, such as those of the files that were found, reads these
/// alone. An index whose rows would take more than half of the memory is read and compared by every search.
/// </summary>
internal sealed unsafe class HostRowSearch(SegmentFormat format) : IRowSearch
{
    /// <summary>Bytes of rows that one thread reads at a time: they stay in its cache until they are scored.</summary>
    const int PieceSizeBytes = 512 << 10;

    /// <summary>Most rows that are read one by one, and the least share of all rows that is read as a whole: a sixteenth.</summary>
    const int MostListed = 4_096, ListedShare = 16;

    readonly Lock _gate = new();
    readonly Dictionary<int, KeptSegment> _segments = [];
    bool _searched, _disposed;

    /// <summary>The most bytes of rows to keep. Default: half of the memory that this process may use.</summary>
    public long MaxSizeBytes { get; set; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>True once rows are kept by the next search that sees them; for tests, which may set it.</summary>
    public bool Keeps
    {
        get => _searched;
        set => _searched = value;
    }

    /// <summary>Rows that are in memory.</summary>
    public long KeptRows
    {
        get
        {
            lock (_gate) return _segments.Values.Sum(segment => (long)segment.Count);
        }
    }

    public TopKList[] TopK(ReadSession session, IReadOnlyList<SegmentRows> segments, ReadOnlySpan<float> queries, int k)
    {
        if (k == 0) return RowSearch.TopK([], format.Element, format.Dimension, queries, k);
        if (Listed(segments) is { } ids) return TopKOfListed(session, segments, ids, queries, k);
        if (!Keeps || !Fits(segments))
        {
            _searched = true;
            lock (_gate) RemoveAllBut(_ => false);
            return TopKOfFiles(session, segments, queries, k);
        }
        var kept = new List<KeptRows>(segments.Count);
        try
        {
            Keep(session, segments, kept);
            return new RoundedSearch(format, session, kept).TopK(queries, k) ?? TopKOfFiles(session, segments, queries, k);
        }
        finally
        {
            foreach (var rows in kept) rows.Memory.Release();
        }
    }

    public void Load(ReadSession session)
    {
        if (!Fits(session.Rows.Segments)) return;
        Keeps = true;
        var kept = new List<KeptRows>();
        try
        {
            Keep(session, session.Rows.Segments, kept);
        }
        finally
        {
            foreach (var rows in kept) rows.Memory.Release();
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

    bool Fits(IReadOnlyList<SegmentRows> segments) =>
        segments.Sum(rows => (long)rows.Count) * RowMemory.RoundedStrideBytes(format) <= MaxSizeBytes;

    /// <summary>All rows in memory, those that are new to it read and compared.</summary>
    /// <param name="kept">Gets what the caller has to release after the search.</param>
    void Keep(ReadSession session, IReadOnlyList<SegmentRows> segments, List<KeptRows> kept)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var ids = segments.Select(rows => rows.Id).ToHashSet();
            // Ids only grow: one that the session lacks, before its last, was compacted away; one behind is newer than the session.
            RemoveAllBut(id => ids.Contains(id) || segments.Count == 0 || id > segments[^1].Id);
            foreach (var rows in segments)
            {
                if (!_segments.TryGetValue(rows.Id, out var segment)) _segments.Add(rows.Id, segment = new KeptSegment(format));
                kept.Add(segment.Load(session, rows));
            }
        }
    }

    /// <summary>The rows that may be found, where they are few and not all segments are in memory; else null.</summary>
    long[]? Listed(IReadOnlyList<SegmentRows> segments)
    {
        long all = segments.Sum(rows => (long)rows.Count);
        long found = all - segments.Sum(rows => new RowBitmap(rows.Excluded).Count());
        if (found > Math.Min(MostListed, all / ListedShare)) return null;
        lock (_gate)
            if (segments.All(rows => _segments.TryGetValue(rows.Id, out var kept) && kept.Count >= rows.Count)) return null;
        return [.. segments.SelectMany(rows => new RowBitmap(rows.Excluded).Unset(rows.Count).Select(row => RowId.Of(rows.Id, row)))];
    }

    TopKList[] TopKOfListed(ReadSession session, IReadOnlyList<SegmentRows> segments, long[] ids, ReadOnlySpan<float> queries, int k)
    {
        uint[] checksums = new uint[ids.Length];
        FileRecord? file = null;
        for (int i = 0; i < ids.Length; i++)
        {
            if (file?.Holds(ids[i]) != true) file = session.Catalogue.FindByRow(ids[i]);
            checksums[i] = file.Windows[(int)(ids[i] - file.FirstRow)].RowChecksum;
        }
        var segmentOf = segments.ToDictionary(rows => rows.Id);
        var best = new ListedRows(format, ids, checksums, segmentOf).TopK(queries, k, out long damaged);
        return damaged < 0 ? best : throw session.Damaged(segmentOf[RowId.Segment(damaged)], damaged);
    }

    TopKList[] TopKOfFiles(ReadSession session, IReadOnlyList<SegmentRows> segments, ReadOnlySpan<float> queries, int k)
    {
        int pieceRows = Math.Max(1, PieceSizeBytes / format.StrideBytes / 64) * 64;
        uint[][] checksums = [.. segments.Select(rows => new uint[rows.Count])];
        var pieces = new List<(int Segment, int First)>();
        for (int i = 0; i < segments.Count; i++)
            for (int first = 0; first < segments[i].Count; first += pieceRows) pieces.Add((i, first));

        var buffers = new ConcurrentBag<nint>();
        try
        {
            var best = RowSearch.TopK(pieces.Count, (piece, search) =>
            {
                var (i, first) = pieces[piece];
                if (!buffers.TryTake(out nint buffer))
                    buffer = (nint)NativeMemory.AlignedAlloc((nuint)(pieceRows * format.StrideBytes), 64);
                try
                {
                    var here = checksums[i].AsSpan(first, Math.Min(pieceRows, segments[i].Count - first));
                    segments[i].File.Read(first, (byte*)buffer, here);
                    search(new RowBlock(buffer, here.Length, RowId.Of(segments[i].Id, first), segments[i].ExcludedOf(first, here.Length)));
                }
                finally
                {
                    buffers.Add(buffer);
                }
            }, format.Element, format.Dimension, queries, k);
            for (int i = 0; i < segments.Count; i++) session.Confirm(segments[i], sum: 0, first: 0, checksums[i]);
            return best;
        }
        finally
        {
            foreach (nint buffer in buffers) NativeMemory.AlignedFree((void*)buffer);
        }
    }

    void RemoveAllBut(Func<int, bool> isKept)
    {
        foreach (int id in _segments.Keys.Where(id => !isKept(id)).ToList())
        {
            _segments[id].Release();
            _segments.Remove(id);
        }
    }
}
