using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>Hands out read sessions, each with a connection of its own; keeps connections and open files for the next call.</summary>
internal sealed class ReadSessions(string folder, SegmentFormat format, bool tolerant) : IDisposable
{
    const int Attempts = 5;

    /// <summary>Opens catalogues as if there were no write access to the folder; for tests.</summary>
    public bool AsFrozen
    {
        get;
        set
        {
            field = value;
            CloseIdle();
        }
    }

    readonly ConcurrentBag<Catalogue> _idle = [];
    readonly Lock _gate = new();
    Snapshot? _latest;
    bool _disposed;

    /// <summary>Reads within one session.</summary>
    /// <remarks>
    /// A frozen connection sees a commit that another process moves into the main file halfway, as damage or as a mixture of two states:
    /// what it read counts only if none was moved meanwhile.
    /// </remarks>
    public T Read<T>(Func<ReadSession, T> read)
    {
        for (int attempt = 1; ; attempt++)
        {
            using (var session = Begin())
            {
                try
                {
                    var result = read(session);
                    if (IsWhole(session.Catalogue, session.State)) return result;
                }
                catch (Exception e) when (attempt < Attempts && IsDamage(e) && !IsWhole(session.Catalogue, session.State))
                {
                }
            }
            WaitForWriter(folder, attempt);
        }
    }

    /// <summary>Reads from a connection of its own, under the same condition as <see cref="Read"/>.</summary>
    public static T Retried<T>(string folder, Func<Catalogue> open, Func<Catalogue, T> read)
    {
        for (int attempt = 1; ; attempt++)
        {
            using (var catalogue = open())
            {
                CatalogueState? state = null;
                try
                {
                    if (catalogue.IsFrozen && catalogue.HasSchema()) state = catalogue.ReadState();
                    var result = read(catalogue);
                    if (IsWhole(catalogue, state)) return result;
                }
                catch (Exception e) when (attempt < Attempts && IsDamage(e) && !IsWhole(catalogue, state))
                {
                }
            }
            WaitForWriter(folder, attempt);
        }
    }

    static void WaitForWriter(string folder, int attempt)
    {
        if (attempt == Attempts)
            throw new IndexException($"{folder}: is being changed, and cannot be read meanwhile without write access to the folder; "
                + "try again when the writer has finished");
        Thread.Sleep(attempt * 20);
    }

    static bool IsWhole(Catalogue catalogue, CatalogueState? state) =>
        !catalogue.IsFrozen || (state is not null && catalogue.IsStill(state));

    static bool IsDamage(Exception e) => e is IndexCorruptException or FileNotFoundException or SqliteException;

    public ReadSession Begin()
    {
        for (int attempt = 1; ; attempt++)
        {
            var catalogue = _idle.TryTake(out var idle) ? idle : Catalogue.Open(folder, SqliteOpenMode.ReadOnly, AsFrozen);
            try
            {
                var transaction = catalogue.BeginRead();
                CheckIsTheSame(catalogue);
                return new ReadSession(catalogue, transaction, Lease(catalogue), format, GiveBack);
            }
            catch (Exception e) when (attempt < Attempts && (e is FileNotFoundException || (catalogue.IsFrozen && IsDamage(e))))
            {
                // A compaction removed a segment between our view of the catalogue and the opening of the file, or a commit was moved into
                // a frozen catalogue: look again.
                catalogue.Dispose();
                if (catalogue.IsFrozen) Thread.Sleep(attempt * 20);
            }
            catch
            {
                catalogue.Dispose();
                throw;
            }
        }
    }

    /// <summary>The catalogue may have been replaced, or brought to a newer schema, since the index was opened.</summary>
    void CheckIsTheSame(Catalogue catalogue)
    {
        if (catalogue.ReadSettings().IndexId != format.IndexId)
            throw new IndexException($"{folder}: was replaced by another index, or brought to a newer format, since it was opened; "
                + "open it again");
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
                var older = Snapshot.Load(catalogue, state, folder, format, previous: null, tolerant);
                var lease = older.Acquire();
                older.ReleaseAllBut(successor: null);
                return lease;
            }
            _latest = Snapshot.Load(catalogue, state, folder, format, _latest, tolerant);
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
            _latest?.ReleaseAllBut(successor: null);
            _latest = null;
        }
        CloseIdle();
    }
}
