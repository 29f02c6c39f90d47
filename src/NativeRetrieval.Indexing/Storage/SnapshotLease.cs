using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>The right to read a snapshot's rows.</summary>
internal sealed class SnapshotLease(Snapshot snapshot, IReadOnlyList<SegmentRows> segments) : IDisposable
{
    bool _released;

    public Snapshot Snapshot => snapshot;

    /// <summary>In the order of ids.</summary>
    public IReadOnlyList<SegmentRows> Segments => segments;

    public void Dispose()
    {
        if (_released) return;
        _released = true;
        foreach (var rows in segments) rows.File.Release();
    }
}
