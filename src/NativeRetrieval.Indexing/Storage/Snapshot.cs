using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>The segment files of one generation of an index. Immutable; shares open files with the one before.</summary>
internal sealed class Snapshot
{
    readonly Dictionary<int, (SegmentRecord Record, SegmentFile File)> _segments = [];

    Snapshot(CatalogueState state) => State = state;

    public CatalogueState State { get; }

    /// <param name="previous">Its open files are taken over where they are still used and let go where they are not.</param>
    public static Snapshot Load(Catalogue catalogue, CatalogueState state, string folder, SegmentFormat format, Snapshot? previous,
        bool tolerant)
    {
        var snapshot = new Snapshot(state);
        var opened = new List<SegmentFile>();
        try
        {
            long live = 0;
            foreach (var record in catalogue.ReadSegments())
            {
                live += record.Rows - record.Deleted.Count();
                if (previous is not null && previous._segments.TryGetValue(record.Id, out var known))
                {
                    if (!tolerant) known.File.CheckLength(record.Rows);
                    snapshot._segments.Add(record.Id, (record, known.File));
                    continue;
                }
                opened.Add(SegmentFile.Open(folder, format, record, tolerant));
                snapshot._segments.Add(record.Id, (record, opened[^1]));
            }
            if (live != state.LiveRows)
                throw new IndexCorruptException(catalogue.Path, $"the segments hold {live:N0} live rows, the state record says "
                    + $"{state.LiveRows:N0}");
        }
        catch
        {
            opened.ForEach(file => file.Release());
            throw;
        }

        previous?.ReleaseAllBut(snapshot);
        return snapshot;
    }

    public void ReleaseAllBut(Snapshot? successor)
    {
        foreach (var (id, segment) in _segments)
            if (successor is null || !successor._segments.TryGetValue(id, out var kept) || kept.File != segment.File)
                segment.File.Release();
    }

    /// <summary>Keeps all files open until the result is disposed, even when a newer snapshot takes over.</summary>
    public SnapshotLease Acquire()
    {
        var blocks = new List<SegmentRows>(_segments.Count);
        foreach (var segment in _segments.Values.OrderBy(segment => segment.Record.Id))
        {
            segment.File.Acquire();
            blocks.Add(new SegmentRows(segment.File, segment.Record, segment.Record.Deleted.Words));
        }
        return new SnapshotLease(this, blocks);
    }
}
