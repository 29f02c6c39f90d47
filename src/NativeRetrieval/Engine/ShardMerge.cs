using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;

namespace NativeRetrieval.Engine;

/// <summary>
/// Brings one index up to date with the files of all shards, as one machine would have done it: a new index has the same rows, bit by bit,
/// in the same order; texts that changed are written, moved files recognised, and files that are gone taken out. Done again it changes
/// nothing, and after an interruption it goes on.
/// </summary>
public sealed class ShardMerge(ShardFolder folder)
{
    /// <inheritdoc cref="AudioIndexer.AllowEmptyFolders"/>
    public bool AllowEmptyFolders { get; init; }

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

    /// <summary>Brings an index up to date.</summary>
    /// <param name="progress">Gets the number of files looked at, of all.</param>
    /// <exception cref="OptionException">A folder of which the index has files holds none any more.</exception>
    /// <exception cref="IndexException">A shard is not complete, two have the same file, or the index cannot be written.</exception>
    /// <exception cref="IndexCorruptException">The index is damaged, and the shards cannot put it right.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was done stays.</exception>
    public async Task<MergeReport> RunAsync(ILibraryIndex index, IProgress<(int Done, int Total)>? progress = null,
        CancellationToken cancellation = default)
    {
        RequireComplete();
        var shards = new List<LocalAudioIndex>();
        try
        {
            foreach (var shard in folder.Shards) shards.Add(LocalAudioIndex.Open(shard.Folder, IndexAccess.Read,
                index.Settings.ModelFingerprint));
            var report = await new ShardMergeRun(folder, index, shards, InOrder(shards)) { AllowEmptyFolders = AllowEmptyFolders }
                .RunAsync(progress, cancellation);
            if (ReadTexts is not null) await new BackgroundScores(index, ReadTexts).UpdateAsync(cancellation);
            return report;
        }
        finally
        {
            foreach (var shard in shards) shard.Dispose();
        }
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
