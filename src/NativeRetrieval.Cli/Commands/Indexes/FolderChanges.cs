namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary>
/// Waits for changes below folders. The system's notices say only that something changed; a run of the index finds out what. A notice that
/// is lost, as on network disks, is made good by a look at everything every ten minutes.
/// </summary>
internal sealed class FolderChanges : IDisposable
{
    static readonly TimeSpan _quiet = TimeSpan.FromSeconds(2), _rescan = TimeSpan.FromMinutes(10);

    readonly List<FileSystemWatcher> _watchers = [];
    readonly SemaphoreSlim _changed = new(0);
    readonly TimeProvider _time;

    /// <param name="paths">Files and folders; what does not exist is refused by the run of the index.</param>
    public FolderChanges(IEnumerable<string> paths, TimeProvider time)
    {
        _time = time;
        foreach (string path in paths.Select(Path.GetFullPath).Where(Path.Exists))
        {
            bool isFile = File.Exists(path);
            var watcher = new FileSystemWatcher(isFile ? Path.GetDirectoryName(path)! : path)
            {
                IncludeSubdirectories = !isFile,
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size,
            };
            if (isFile) watcher.Filters.Add(Path.GetFileName(path));
            watcher.Changed += (_, _) => _changed.Release();
            watcher.Created += (_, _) => _changed.Release();
            watcher.Deleted += (_, _) => _changed.Release();
            watcher.Renamed += (_, _) => _changed.Release();
            // The notices came too fast: something did change.
            watcher.Error += (_, _) => _changed.Release();
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
    }

    /// <summary>Returns when something has changed and nothing more for two seconds, or after ten minutes.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        if (!await ChangedWithin(_rescan, cancellation)) return;
        // A file that is being copied changes until it is complete.
        while (await ChangedWithin(_quiet, cancellation))
        {
        }
    }

    async Task<bool> ChangedWithin(TimeSpan wait, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            await _changed.WaitAsync(either.Token);
            while (_changed.CurrentCount > 0) await _changed.WaitAsync(cancellation);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose()
    {
        foreach (var watcher in _watchers) watcher.Dispose();
        _changed.Dispose();
    }
}
