using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Search;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>The vectors of one generation of an index, mapped. Immutable; shares unchanged mappings with the one before.</summary>
internal sealed class Snapshot
{
    readonly Dictionary<int, (SegmentRecord Record, MappedSegment Rows)> _segments = [];

    Snapshot(CatalogueState state) => State = state;

    public CatalogueState State { get; }

    /// <param name="previous">Its mappings are taken over where they still fit and disposed where they do not.</param>
    public static Snapshot Load(Catalogue catalogue, CatalogueState state, string folder, SegmentFormat format, Snapshot? previous)
    {
        var snapshot = new Snapshot(state);
        var opened = new List<MappedSegment>();
        try
        {
            long live = 0;
            foreach (var record in catalogue.ReadSegments())
            {
                live += record.Rows - record.Deleted.Count();
                if (previous is not null && previous._segments.TryGetValue(record.Id, out var known) && known.Rows.Rows == record.Rows)
                {
                    snapshot._segments.Add(record.Id, (record, known.Rows));
                    continue;
                }
                opened.Add(MappedSegment.Open(folder, format, record.Id, record.Rows));
                snapshot._segments.Add(record.Id, (record, opened[^1]));
            }
            if (live != state.LiveRows)
                throw new IndexCorruptException(catalogue.Path, $"the segments hold {live:N0} live rows, the state record says "
                    + $"{state.LiveRows:N0}");
        }
        catch
        {
            opened.ForEach(rows => rows.Dispose());
            throw;
        }

        previous?.DisposeAllBut(snapshot);
        return snapshot;
    }

    public void DisposeAllBut(Snapshot? successor)
    {
        foreach (var (id, segment) in _segments)
            if (successor is null || !successor._segments.TryGetValue(id, out var kept) || kept.Rows != segment.Rows)
                segment.Rows.Dispose();
    }

    /// <summary>Keeps all mappings alive until the result is disposed, even when a newer snapshot takes over.</summary>
    public SnapshotLease Acquire()
    {
        var blocks = new List<RowBlock>(_segments.Count);
        foreach (var (id, segment) in _segments.OrderBy(segment => segment.Key))
            blocks.Add(new RowBlock(segment.Rows.Acquire(), segment.Record.Rows, RowId.Of(id, 0), segment.Record.Deleted.Words));
        return new SnapshotLease(this, blocks);
    }

    public void Release()
    {
        foreach (var segment in _segments.Values) segment.Rows.Release();
    }
}
