using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>One merge: decides on each file of the shards as <see cref="AudioIndexer"/> does on a file of the disk.</summary>
/// <param name="shards">The indexes of the shards.</param>
/// <param name="files">Their files in the order of one machine, each with the place of its shard.</param>
internal sealed class ShardMergeRun(ShardFolder folder, ILibraryIndex index, IReadOnlyList<LocalAudioIndex> shards,
    IReadOnlyList<(IndexedFile File, int Shard)> files)
{
    readonly ShardManifest[] _manifests = [.. folder.Shards.Select(shard => shard.Manifest!)];
    readonly Dictionary<string, IndexedFile> _inShards = files.Select(item => item.File).ToDictionary(file => file.FullPath);
    readonly Dictionary<string, SoundDetails?> _inShardsDetails = shards.SelectMany(shard => shard.Details()).ToDictionary();
    readonly HashSet<string> _damaged = [];
    readonly List<AudioIndexEntry> _pending = [];
    readonly Dictionary<string, SoundDetails> _described = [];
    IReadOnlyDictionary<string, SoundDetails?> _details = new Dictionary<string, SoundDetails?>();
    int _added, _unchanged, _moved, _redescribed, _repaired;

    public required bool AllowEmptyFolders { get; init; }

    /// <summary>
    /// True where jobs saw different files or folders: a file may have come or gone between them, or a disk not have been mounted on one
    /// machine. That a file is in no shard then says nothing.
    /// </summary>
    bool ListingsDiffer { get; } =
        folder.Shards.DistinctBy(shard => (shard.Manifest!.Listing, string.Join('\n', shard.Manifest.Folders))).Count() > 1;

    public async Task<MergeReport> RunAsync(IProgress<(int Done, int Total)>? progress, CancellationToken cancellation)
    {
        var known = await index.FilesAsync(cancellation);
        _details = await index.DetailsAsync(cancellation);
        var found = new FoundSounds([.. _inShards.Keys], [.. _manifests.SelectMany(manifest => manifest.LeftOut)], IdentitiesFor(known));
        if (!AllowEmptyFolders && !ListingsDiffer)
            foreach (string root in _manifests[0].Folders) found.RequireNotEmptied(root, known);

        var damage = await index.FindDamageAsync(cancellation);
        _damaged.UnionWith(damage.Files.Select(file => file.FullPath));
        var plan = new IncrementalPlan([.. known.Where(file => !_damaged.Contains(file.FullPath))],
            path => !IsGone(path, found) && !found.IsAlias(path), path => _inShards[path].ContentHash);
        for (int i = 0; i < files.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            await TakeAsync(plan, files[i].File, files[i].Shard, cancellation);
            if (_pending.Count == AudioIndexer.FilesPerCommit || _described.Count == AudioIndexer.FilesPerDescription
                || i == files.Count - 1) await CommitAsync(cancellation);
            progress?.Report((i + 1, files.Count));
        }
        string[] others = [.. plan.Unseen.Select(file => file.FullPath).Concat(_damaged)];
        string[] gone = [.. others.Where(path => IsGone(path, found))];
        if (gone.Length > 0) await index.DeleteAsync(gone, cancellation);
        if (!damage.IsNone) await index.FinishRepairAsync(cancellation);
        return new MergeReport(shards.Count, _added, _unchanged, others.Length - gone.Length)
        {
            Moved = _moved, Removed = gone.Length, Redescribed = _redescribed, Repaired = _repaired,
            CommitsWereLost = damage.CommitsAreLost, ListingsDiffer = ListingsDiffer,
            Skipped = [.. found.LeftOut.Where(file => file.Outcome == FileOutcome.Skipped).Select(file => file.Message!)],
        };
    }

    async Task TakeAsync(IncrementalPlan plan, IndexedFile file, int shard, CancellationToken cancellation)
    {
        var planned = plan.Decide(file.FullPath, file.SizeBytes, file.ModifiedUtc);
        switch (planned.Change)
        {
            // A job has read the content: what it found there counts, even where size and time are as before.
            case FileChange.Unchanged when planned.File.ContentHash == file.ContentHash:
                DescribeAgain(file.FullPath);
                _unchanged++;
                break;
            case FileChange.Touched:
                await index.RedescribeAsync(file.FullPath, file, details: null, cancellation);
                DescribeAgain(file.FullPath);
                _unchanged++;
                break;
            case FileChange.Moved:
                await index.RedescribeAsync(planned.Former!, file, Details(file.FullPath, planned.Former!), cancellation);
                _moved++;
                break;
            default:
                var entry = await shards[shard].GetAsync(file.FullPath, cancellation)
                    ?? throw new IndexCorruptException(folder.Shards[shard].Folder, $"{file.FullPath} is listed and cannot be read");
                _pending.Add(entry with { Details = Details(file.FullPath, file.FullPath) });
                _added++;
                break;
        }
    }

    /// <summary>The shard's details of a file, with the time at which it came into this index where that is known.</summary>
    /// <param name="former">Path that this index knows it by.</param>
    SoundDetails? Details(string path, string former) => _inShardsDetails[path] is not { } details ? null
        : details with { AddedUtc = _details.GetValueOrDefault(former)?.AddedUtc ?? details.AddedUtc };

    void DescribeAgain(string path)
    {
        if (Details(path, path) is { } details && details != _details.GetValueOrDefault(path)) _described[path] = details;
    }

    async Task CommitAsync(CancellationToken cancellation)
    {
        if (_described.Count > 0)
        {
            _redescribed += await index.DescribeAsync([.. _described.Select(file => (file.Key, file.Value))], cancellation);
            _described.Clear();
        }
        if (_pending.Count == 0) return;
        await index.UpsertAsync([.. _pending], cancellation);
        _repaired += _pending.Count(entry => _damaged.Remove(entry.File.FullPath));
        _pending.Clear();
    }

    /// <summary>True where a file of the index is gone from the folders that all jobs have looked through.</summary>
    bool IsGone(string path, FoundSounds found) => !ListingsDiffer && !_inShards.ContainsKey(path)
        && _manifests[0].Folders.Any(root => path.StartsWith(root, StringComparison.Ordinal)) && found.IsGone(path);

    /// <summary>
    /// The real files of the shards, where they can be seen from here and a file of the index that no shard has can be, too: it may be a
    /// second path of one of them.
    /// </summary>
    Dictionary<FileIdentity, string> IdentitiesFor(IReadOnlyList<IndexedFile> known)
    {
        var identities = new Dictionary<FileIdentity, string>();
        if (!known.Any(file => !_inShards.ContainsKey(file.FullPath) && File.Exists(file.FullPath))) return identities;
        foreach (string path in _inShards.Keys)
        {
            try
            {
                identities.TryAdd(FileIdentity.Of(path), path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It cannot be seen from here, so it is no path of a file that can.
            }
        }
        return identities;
    }
}
