using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Engine;

/// <summary>
/// Brings an index up to date with sound files: only new content is embedded. Every few files are one commit: what was committed stays when
/// the process is killed, and the next run goes on from there. Stored vectors are compared with their checksums first; files whose vectors
/// are damaged are embedded anew.
/// </summary>
public sealed class AudioIndexer(RetrievalEngine engine, ILibraryIndex index)
{
    internal const int FilesPerCommit = 16, FilesPerDescription = 256;

    readonly List<FileReport> _files = [];
    readonly List<AudioIndexEntry> _pending = [];
    readonly HashSet<string> _damaged = [];
    readonly Dictionary<string, SoundDetails> _described = [];
    IReadOnlyDictionary<string, SoundDetails?> _details = new Dictionary<string, SoundDetails?>();
    int _windows, _kept, _repaired, _redescribed;
    double _seconds;

    /// <summary>
    /// Consent to take out all files of a folder that had indexed files and now has none. Without it the run is refused: the disk with the
    /// sounds may not be mounted.
    /// </summary>
    public bool AllowEmptyFolders { get; init; }

    /// <summary>Source of what is written about the sounds: by default their tags and names.</summary>
    public FileDescriber Describer { get; init; } = new();

    /// <summary>
    /// Vectors of sentences in float32, for the background of scores and for the texts of files, such as
    /// <see cref="RetrievalEngine.ReadTexts"/>; null: none are made where the engine cannot read.
    /// </summary>
    public Func<IReadOnlyList<string>, TextVectors>? ReadTexts { get; init; }

    /// <summary>Clock for the times at which files came into the index; null: these are not kept.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>The share of the files that this run takes; null: all.</summary>
    public Shard? Shard { get; init; }

    /// <summary>Gets each file that the run met, as soon as it is known what becomes of it.</summary>
    public Action<FileReport>? Met { get; init; }

    /// <summary>Gets a sentence about each tag that is damaged or too large; what could be read of it counts.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>Indexes what <see cref="SoundFiles"/> finds. A file that cannot be read is reported and left as the index has it.</summary>
    /// <param name="roots">Files and folders; indexed files below a folder that are gone are taken out.</param>
    /// <param name="progress">Told before each file and after the last.</param>
    /// <exception cref="OptionException">A path does not exist, or a folder that had indexed files has none.</exception>
    /// <exception cref="IndexException">The index cannot be written; the message says what of this run is kept.</exception>
    /// <exception cref="IndexCorruptException">The catalogue of the index is damaged, or files whose vectors are damaged were not replaced,
    /// because their sounds are not below the roots or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was done stays.</exception>
    public async Task<IndexingReport> RunAsync(IReadOnlyList<string> roots, IProgress<IndexingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var known = await index.FilesAsync(cancellation);
        var found = SoundFiles.Find(roots.Where(root => !IsGone(root, known)), cancellation);
        if (found.Files.Count == 0 && found.LeftOut.Count == 0 && known.Count == 0)
            throw new OptionException(
                $"no sound files in {string.Join(", ", roots)}; WAV, FLAC, Ogg, Opus, MP3 and AIFF are read, with ffmpeg also others");
        string[] folders = [.. roots.Where(root => !File.Exists(root))
            .Select(root => Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) + Path.DirectorySeparatorChar)];
        if (!AllowEmptyFolders)
            foreach (string folder in folders) found.RequireNotEmptied(folder, known);

        var damage = await index.FindDamageAsync(cancellation);
        _damaged.UnionWith(damage.Files.Select(file => file.FullPath));
        // Each shard finds all files; the first accounts for those that none reads.
        if (Shard is null or { Number: 1 })
            foreach (var file in found.LeftOut) Report(file);
        var files = Shard is null ? found.Files : [.. found.Files.Where(path => Shard.Holds(path))];
        _details = await index.DetailsAsync(cancellation);
        var plan = new IncrementalPlan([.. known.Where(file => !_damaged.Contains(file.FullPath))],
            path => File.Exists(path) && !found.IsAlias(path), path => ContentHash.OfFile(path, cancellation));
        try
        {
            await TakeAllAsync(plan, files, progress, cancellation);
            await RemoveGoneAsync(plan, folders, found, files, cancellation);
            if (!damage.IsNone) await index.FinishRepairAsync(cancellation);
            if (ReadTexts is not null) await new BackgroundScores(index, ReadTexts).UpdateAsync(cancellation);
        }
        catch (IndexException e) when (_kept > 0)
        {
            throw new IndexException(
                $"{e.Message}; {_kept:N0} files of this run are in the index and stay there, and the same command goes on from them", e);
        }
        return new IndexingReport(_files, _windows, _seconds)
        {
            Repaired = _repaired, Redescribed = _redescribed, CommitsWereLost = damage.CommitsAreLost, Listing = found.Files,
            Folders = folders,
        };
    }

    async Task TakeAllAsync(IncrementalPlan plan, IReadOnlyList<string> files, IProgress<IndexingProgress>? progress,
        CancellationToken cancellation)
    {
        try
        {
            for (int i = 0; i < files.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new IndexingProgress(i, files.Count, _seconds, files[i]));
                await TakeAsync(plan, files[i], cancellation);
                if (_pending.Count == FilesPerCommit || _described.Count == FilesPerDescription) await CommitAsync();
            }
            if (files.Count > 0) progress?.Report(new IndexingProgress(files.Count, files.Count, _seconds));
        }
        finally
        {
            await CommitAsync();
        }
    }

    async Task TakeAsync(IncrementalPlan plan, string path, CancellationToken cancellation)
    {
        try
        {
            var status = FileStatus.Of(path);
            var planned = plan.Decide(path, status.SizeBytes, status.ModifiedUtc);
            switch (planned.Change)
            {
                case FileChange.Unchanged:
                    await DescribeAgainAsync(path, planned.File.FullPath, cancellation);
                    Report(path, FileOutcome.Unchanged);
                    break;
                case FileChange.Touched:
                    await index.RedescribeAsync(planned.Former!, planned.File, null, cancellation);
                    await DescribeAgainAsync(path, planned.File.FullPath, cancellation);
                    Report(path, FileOutcome.Unchanged);
                    break;
                case FileChange.Moved:
                    var former = _details.GetValueOrDefault(planned.Former!);
                    await index.RedescribeAsync(planned.Former!, planned.File, former is null ? null
                        : Describer.Describe(path, former.DurationSeconds, former.AddedUtc ?? Now, Note), cancellation);
                    _kept++;
                    Report(path, FileOutcome.Moved);
                    break;
                case FileChange.Copied when await index.GetAsync(planned.Former!, cancellation) is { } original:
                    _pending.Add(original with { File = planned.File, Details = Described(path, original.Windows) });
                    Report(path, FileOutcome.Moved);
                    break;
                default:
                    string? damage = null;
                    var windows = engine.EmbedFile(path, index.Settings.WindowSeconds, index.Settings.HopSeconds, cancellation,
                        text => damage = text);
                    if (FileStatus.Of(path) != status)
                        throw new AudioDecodeException(path, "changed while it was being read; index it again when it is complete");
                    _pending.Add(new AudioIndexEntry(planned.File, windows) { Details = Described(path, windows) });
                    _windows += windows.Count;
                    _seconds += windows[^1].EndSeconds;
                    Report(path, FileOutcome.Embedded, damage);
                    break;
            }
        }
        catch (Exception e) when (e is AudioDecodeException or FileReadException)
        {
            Report(path, FileOutcome.Skipped, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(path, FileOutcome.Skipped, $"{path}: cannot be read: {e.Message}");
        }
    }

    DateTime? Now => Time?.GetUtcNow().UtcDateTime;

    SoundDetails Described(string path, IReadOnlyList<AudioWindow> windows) => Describer.Describe(path, windows[^1].EndSeconds,
        _details.GetValueOrDefault(Path.GetFullPath(path))?.AddedUtc ?? Now, Note);

    /// <summary>Describes a file that the index has, where an older version did not, or tables may say something new.</summary>
    async Task DescribeAgainAsync(string path, string fullPath, CancellationToken cancellation)
    {
        var known = _details.GetValueOrDefault(fullPath);
        if (known is not null && !Describer.HasTables) return;
        double seconds = known?.DurationSeconds ?? (await index.GetAsync(fullPath, cancellation))?.Windows[^1].EndSeconds ?? 0;
        if (seconds <= 0) return;
        var details = Describer.Describe(path, seconds, known?.AddedUtc ?? Now, Note);
        if (details != known) _described[fullPath] = details;
    }

    void Report(string path, FileOutcome outcome, string? message = null) => Report(new FileReport(Path.GetFullPath(path), outcome, message)
    {
        WasKnown = _details.ContainsKey(Path.GetFullPath(path)),
    });

    void Report(FileReport file)
    {
        _files.Add(file);
        Met?.Invoke(file);
    }

    async Task CommitAsync()
    {
        if (_described.Count > 0)
        {
            _redescribed += await index.DescribeAsync([.. _described.Select(file => (file.Key, file.Value))]);
            _described.Clear();
        }
        if (_pending.Count == 0) return;
        AudioIndexEntry[] entries = [.. _pending];
        _pending.Clear();
        await index.UpsertAsync(entries);
        _kept += entries.Length;
        _repaired += entries.Count(entry => _damaged.Remove(entry.File.FullPath));
    }

    /// <summary>True where a path that does not exist is a folder of indexed files, which the caller allows to be gone.</summary>
    bool IsGone(string root, IReadOnlyList<IndexedFile> known)
    {
        if (Path.Exists(root) || new FileInfo(root).LinkTarget is not null) return false;
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)) + Path.DirectorySeparatorChar;
        int files = known.Count(file => file.FullPath.StartsWith(folder, StringComparison.Ordinal));
        if (files > 0 && !AllowEmptyFolders) throw FoundSounds.Emptied(folder, "does not exist", files);
        return files > 0;
    }

    /// <param name="files">Files found that are this run's own: what it has of others is a shard's whose content has changed.</param>
    async Task RemoveGoneAsync(IncrementalPlan plan, string[] folders, FoundSounds found, IReadOnlyList<string> files,
        CancellationToken cancellation)
    {
        var foreign = Shard is null ? [] : found.Files.Except(files).Select(Path.GetFullPath).ToHashSet();
        string[] gone = [.. plan.Unseen.Select(file => file.FullPath).Concat(_damaged)
            .Where(path => folders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)) && (found.IsGone(path)
            || foreign.Contains(path)))];
        if (gone.Length == 0) return;
        await index.DeleteAsync(gone, cancellation);
        foreach (string path in gone) Report(path, FileOutcome.Removed);
    }
}
