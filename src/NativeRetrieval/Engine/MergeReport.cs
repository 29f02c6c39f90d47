namespace NativeRetrieval.Engine;

/// <summary>The result of merging shards.</summary>
/// <param name="Shards">Number of shards.</param>
/// <param name="Added">Files that came in, or took the place of another version.</param>
/// <param name="Unchanged">Files whose content the index already had.</param>
/// <param name="Others">Files of the index that are in no shard and stay.</param>
public sealed record MergeReport(int Shards, int Added, int Unchanged, int Others)
{
    /// <summary>Files that the index knew under a path that is gone; their vectors were kept.</summary>
    public int Moved { get; init; }

    /// <summary>Files that were taken out, because they are gone from the folders of the shards.</summary>
    public int Removed { get; init; }

    /// <summary>Unchanged files whose text, or another detail, is new.</summary>
    public int Redescribed { get; init; }

    /// <summary>Added files whose vectors in the index were damaged.</summary>
    public int Repaired { get; init; }

    /// <inheritdoc cref="IndexingReport.CommitsWereLost"/>
    public bool CommitsWereLost { get; init; }

    /// <summary>
    /// True where jobs saw different files or folders, as some came or went meanwhile: the order is then not certainly one machine's, and
    /// nothing was taken out or recognised as moved.
    /// </summary>
    public bool ListingsDiffer { get; init; }

    /// <summary>One message for each file that a shard could not read.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];
}
