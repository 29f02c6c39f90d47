using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Engine;

/// <summary>
/// Brings the files of all shards into one index, in the order in which one machine would have added them: a new index has the same rows,
/// bit by bit, in the same order. Done again it changes nothing, and after an interruption it goes on.
/// </summary>
public sealed class ShardMerge(ShardFolder folder)
{
    /// <summary>
    /// Vectors of sentences in float32, for the background of scores and for the texts of files, such as
    /// <see cref="RetrievalEngine.ReadTexts"/>; null: none are made.
    /// </summary>
    public Func<IReadOnlyList<string>, TextVectors>? ReadTexts { get; init; }

    /// <summary>Settings that all shards were made with.</summary>
    /// <exception cref="IndexException">A shard is not complete, or was made with others.</exception>
    public IndexSettings Settings()
    {
        RequireComplete();
        IndexSettings? settings = null;
        foreach (var shard in folder.Shards)
        {
            using var index = LocalAudioIndex.Open(shard.Folder, IndexAccess.Read);
            settings ??= index.Settings;
            if (index.Settings with { ModelId = settings.ModelId } != settings)
                throw new IndexException($"{shard.Folder}: was built with other settings than shard 1: {index.Settings}; the first: "
                    + $"{settings}");
        }
        return settings!;
    }

    /// <summary>Adds what the index does not have yet.</summary>
    /// <param name="progress">Gets the number of files looked at, of all.</param>
    /// <exception cref="IndexException">A shard is not complete, two have the same file, or the index cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was added stays.</exception>
    public async Task<MergeReport> RunAsync(ILibraryIndex index, IProgress<(int Done, int Total)>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireComplete();
        var shards = new List<LocalAudioIndex>();
        try
        {
            foreach (var shard in folder.Shards) shards.Add(LocalAudioIndex.Open(shard.Folder, IndexAccess.Read,
                index.Settings.ModelFingerprint));
            var files = InOrder(shards);
            var known = (await index.FilesAsync(cancellation)).ToDictionary(file => file.FullPath);
            int added = 0, unchanged = 0;
            var pending = new List<AudioIndexEntry>();
            for (int i = 0; i < files.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var (file, shard) = files[i];
                if (known.Remove(file.FullPath, out var there) && there == file) unchanged++;
                else
                {
                    pending.Add(await shards[shard].GetAsync(file.FullPath, cancellation)
                        ?? throw new IndexCorruptException(folder.Shards[shard].Folder, $"{file.FullPath} is listed and cannot be read"));
                    added++;
                }
                if (pending.Count == AudioIndexer.FilesPerCommit || i == files.Count - 1) await CommitAsync(index, pending, cancellation);
                progress?.Report((i + 1, files.Count));
            }
            if (ReadTexts is not null) await new BackgroundScores(index, ReadTexts).UpdateAsync(cancellation);
            return new MergeReport(folder.Shards.Count, added, unchanged, known.Count)
            {
                ListingsDiffer = folder.Shards.DistinctBy(shard => shard.Manifest!.Listing).Count() > 1,
                Skipped = [.. folder.Shards.SelectMany(shard => shard.Manifest!.Skipped)],
            };
        }
        finally
        {
            foreach (var shard in shards) shard.Dispose();
        }
    }

    static async Task CommitAsync(ILibraryIndex index, List<AudioIndexEntry> pending, CancellationToken cancellation)
    {
        if (pending.Count == 0) return;
        await index.UpsertAsync([.. pending], cancellation);
        pending.Clear();
    }

    void RequireComplete()
    {
        if (folder.Missing is [var first, ..] missing)
            throw new IndexException($"{folder.Path}: {missing.Count:N0} of {folder.Shards.Count:N0} shards are not complete: "
                + $"{string.Join(", ", missing)}; shard {first} {folder.Shards[first - 1].State}: run `nativeretrieval index` with --shard "
                + $"{first}/{folder.Shards.Count}, and so the others; what they have done is kept");
    }

    List<(IndexedFile File, int Shard)> InOrder(List<LocalAudioIndex> shards)
    {
        var all = new List<(IndexedFile File, int Shard, int Position)>();
        for (int shard = 0; shard < shards.Count; shard++)
        {
            var positions = folder.Shards[shard].Manifest!.Positions;
            all.AddRange(shards[shard].Files().Select((file, i) => (file, shard, positions[i] < 0 ? int.MaxValue : positions[i])));
        }
        if (all.GroupBy(item => item.File.FullPath).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new IndexException($"{folder.Path}: {twice.Key} is in shards "
                + $"{string.Join(" and ", twice.Select(item => item.Shard + 1))}: it "
                + "changed while they were indexed; index these shards again");
        return [.. all.OrderBy(item => item.Position).ThenBy(item => item.File.FullPath, StringComparer.Ordinal)
            .Select(item => (item.File, item.Shard))];
    }
}

/// <summary>The result of merging shards.</summary>
/// <param name="Shards">Number of shards.</param>
/// <param name="Added">Files that came in, or took the place of another version.</param>
/// <param name="Unchanged">Files that the index already had.</param>
/// <param name="Others">Files of the index that are in no shard; they stay.</param>
public sealed record MergeReport(int Shards, int Added, int Unchanged, int Others)
{
    /// <summary>True where jobs saw different files, as some came or went meanwhile: the order is then not certainly one
    /// machine's.</summary>
    public bool ListingsDiffer { get; init; }

    /// <summary>One message for each file that a shard could not read.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];
}
