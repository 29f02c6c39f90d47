using NativeRetrieval.Core.Search;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>The right to read a snapshot's rows.</summary>
internal sealed class SnapshotLease(Snapshot snapshot, IReadOnlyList<RowBlock> blocks) : IDisposable
{
    bool _released;

    public Snapshot Snapshot => snapshot;

    /// <summary>One block for each segment, in the order of ids.</summary>
    public IReadOnlyList<RowBlock> Blocks => blocks;

    public void Dispose()
    {
        if (_released) return;
        _released = true;
        snapshot.Release();
    }
}
