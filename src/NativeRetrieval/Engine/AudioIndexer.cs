using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>
/// Brings an index up to date with sound files: only new content is embedded. Every few files are one commit: what was committed stays when
/// the process is killed, and the next run goes on from there.
/// </summary>
public sealed class AudioIndexer(RetrievalEngine engine, LocalAudioIndex index)
{
    const int FilesPerCommit = 16;

    int _embedded, _windows, _unchanged, _moved, _removed;
    double _seconds;
    readonly List<string> _skipped = [];
    readonly List<AudioIndexEntry> _pending = [];

    /// <param name="roots">Files and folders; indexed files below a folder that are gone are taken out.</param>
    /// <param name="progress">Gets the number of files looked at, and of all.</param>
    /// <exception cref="OperationCanceledException">Cancelled; what was done stays.</exception>
    public async Task<IndexingReport> RunAsync(IReadOnlyList<string> roots, IProgress<(int Done, int Total)>? progress = null,
        CancellationToken cancellation = default)
    {
        var files = SoundFiles.Find(roots);
        if (files.Count == 0 && index.Stats().Files == 0)
            throw new OptionException($"no sound files in {string.Join(", ", roots)}; WAV, FLAC, Ogg, Opus, MP3 and AIFF are read");
        var plan = new IncrementalPlan(index.Files(), File.Exists, ContentHash.OfFile);
        try
        {
            for (int i = 0; i < files.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                await TakeAsync(plan, files[i], cancellation);
                if (_pending.Count == FilesPerCommit) await CommitAsync();
                progress?.Report((i + 1, files.Count));
            }
        }
        finally
        {
            await CommitAsync();
        }
        await RemoveGoneAsync(plan, roots, cancellation);
        return new IndexingReport(_embedded, _windows, _seconds, _unchanged, _moved, _removed, _skipped);
    }

    async Task TakeAsync(IncrementalPlan plan, string path, CancellationToken cancellation)
    {
        try
        {
            var info = new FileInfo(path);
            var planned = plan.Decide(path, info.Length, info.LastWriteTimeUtc);
            switch (planned.Change)
            {
                case FileChange.Unchanged:
                    _unchanged++;
                    break;
                case FileChange.Touched:
                    _unchanged++;
                    await index.RedescribeAsync(planned.Former!, planned.File, cancellation);
                    break;
                case FileChange.Moved:
                    _moved++;
                    await index.RedescribeAsync(planned.Former!, planned.File, cancellation);
                    break;
                case FileChange.Copied when await index.GetAsync(planned.Former!, cancellation) is { } original:
                    _moved++;
                    _pending.Add(original with { File = planned.File });
                    break;
                default:
                    var windows = engine.EmbedFile(path, index.Settings.WindowSeconds, index.Settings.HopSeconds, cancellation);
                    _pending.Add(new AudioIndexEntry(planned.File, windows));
                    _embedded++;
                    _windows += windows.Count;
                    _seconds += windows[^1].EndSeconds;
                    break;
            }
        }
        catch (AudioDecodeException e)
        {
            _skipped.Add(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _skipped.Add($"{path}: cannot be read: {e.Message}");
        }
    }

    async Task CommitAsync()
    {
        if (_pending.Count == 0) return;
        await index.UpsertAsync([.. _pending]);
        _pending.Clear();
    }

    async Task RemoveGoneAsync(IncrementalPlan plan, IReadOnlyList<string> roots, CancellationToken cancellation)
    {
        string[] folders = [.. roots.Where(Directory.Exists)
            .Select(root => Path.GetFullPath(root).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar)];
        string[] gone = [.. plan.Unseen.Select(file => file.FullPath)
            .Where(path => !File.Exists(path) && folders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)))];
        if (gone.Length > 0) _removed = await index.DeleteAsync(gone, cancellation);
    }
}

/// <summary>Result of an indexing run. Files that are listed nowhere were left as they were.</summary>
/// <param name="Embedded">New or changed files that went through the model.</param>
/// <param name="Windows">Windows of the embedded files.</param>
/// <param name="AudioSeconds">Length of the embedded files, seconds.</param>
/// <param name="Unchanged">Files whose content the index already had.</param>
/// <param name="Moved">Files known under another path, or copies of known ones: their vectors were taken over.</param>
/// <param name="Removed">Files that are gone from the indexed folders.</param>
/// <param name="Skipped">One message for each file that cannot be decoded.</param>
public sealed record IndexingReport(int Embedded, int Windows, double AudioSeconds, int Unchanged, int Moved, int Removed,
    IReadOnlyList<string> Skipped);
