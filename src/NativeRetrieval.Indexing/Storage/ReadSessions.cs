using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>Hands out read sessions, each with a connection of its own; keeps connections and mappings for the next call.</summary>
internal sealed class ReadSessions(string folder, SegmentFormat format) : IDisposable
{
    const int Attempts = 5;

    readonly ConcurrentBag<Catalogue> _idle = [];
    readonly Lock _gate = new();
    Snapshot? _latest;
    bool _disposed;

    public ReadSession Begin()
    {
        for (int attempt = 1; ; attempt++)
        {
            var catalogue = _idle.TryTake(out var idle) ? idle : Catalogue.Open(folder, SqliteOpenMode.ReadOnly);
            try
            {
                var transaction = catalogue.BeginRead();
                return new ReadSession(catalogue, transaction, Lease(catalogue), folder, format, GiveBack);
            }
            catch (FileNotFoundException) when (attempt < Attempts)
            {
                // A compaction removed a segment between our view of the catalogue and the opening of the file: look again.
                catalogue.Dispose();
            }
            catch
            {
                catalogue.Dispose();
                throw;
            }
        }
    }

    SnapshotLease Lease(Catalogue catalogue)
    {
        var state = catalogue.ReadState();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_latest?.State == state) return _latest.Acquire();

            if (_latest is not null && _latest.State.Generation > state.Generation)
            {
                // Another thread has already seen a newer commit; this call keeps its own view.
                var older = Snapshot.Load(catalogue, state, folder, format, previous: null);
                var lease = older.Acquire();
                older.DisposeAllBut(successor: null);
                return lease;
            }
            _latest = Snapshot.Load(catalogue, state, folder, format, _latest);
            return _latest.Acquire();
        }
    }

    void GiveBack(Catalogue catalogue)
    {
        if (catalogue.IsFrozen)
        {
            catalogue.Dispose();
            return;
        }
        _idle.Add(catalogue);
        if (Volatile.Read(ref _disposed)) CloseIdle();
    }

    void CloseIdle()
    {
        while (_idle.TryTake(out var catalogue)) catalogue.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            _latest?.DisposeAllBut(successor: null);
            _latest = null;
        }
        CloseIdle();
    }
}
