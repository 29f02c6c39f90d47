using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Server.Library;

/// <summary>
/// An index that stays open. Commits of other processes are seen by the next call; an index that was replaced by another in its folder is
/// opened anew, and closed when the last call on it has ended.
/// </summary>
internal sealed class ServedIndex : IDisposable
{
    readonly RetrievalEngine _engine;
    readonly Device? _device;
    readonly Lock _gate = new();
    OpenedIndex _current;

    public ServedIndex(string folder, RetrievalEngine engine, Device? device)
    {
        (Folder, _engine, _device) = (Path.GetFullPath(folder), engine, device);
        Name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Folder));
        _current = Open();
    }

    public string Folder { get; }

    /// <summary>Name of the index in requests and answers.</summary>
    public string Name { get; }

    /// <summary>Calls a function with the index as it is now.</summary>
    /// <exception cref="IndexException">The folder has no index any more, or one of another model.</exception>
    public T Use<T>(Func<OpenedIndex, T> use)
    {
        var opened = Acquire();
        try
        {
            return use(opened);
        }
        finally
        {
            Release(opened);
        }
    }

    /// <inheritdoc cref="Use"/>
    public async Task<T> UseAsync<T>(Func<OpenedIndex, Task<T>> use)
    {
        var opened = Acquire();
        try
        {
            return await use(opened).ConfigureAwait(false);
        }
        finally
        {
            Release(opened);
        }
    }

    OpenedIndex Acquire()
    {
        lock (_gate)
        {
            if (_current.Index.IsReplaced)
            {
                var newer = Open();
                Release(_current);
                _current = newer;
            }
            _current.Users++;
            return _current;
        }
    }

    void Release(OpenedIndex opened)
    {
        lock (_gate)
            if (--opened.Users == 0) opened.Index.Dispose();
    }

    OpenedIndex Open()
    {
        var index = LocalAudioIndex.Open(Folder, IndexAccess.Read, _engine.Fingerprint, _device);
        return new OpenedIndex(index, new LibrarySearch(_engine, index));
    }

    public void Dispose() => Release(_current);
}
