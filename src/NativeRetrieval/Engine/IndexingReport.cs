namespace NativeRetrieval.Engine;

/// <summary>The result of an indexing run, which accounts for every sound file it met.</summary>
/// <param name="Files">Every file by name, in the order in which it was dealt with.</param>
/// <param name="Windows">Windows of the embedded files.</param>
/// <param name="AudioSeconds">Length of the embedded files, seconds.</param>
public sealed record IndexingReport(IReadOnlyList<FileReport> Files, int Windows, double AudioSeconds)
{
    /// <summary>Embedded files whose stored vectors were damaged.</summary>
    public int Repaired { get; init; }

    /// <summary>Unchanged files whose text was read anew: an older version had not, or a table says something new.</summary>
    public int Redescribed { get; init; }

    /// <summary>All sound files that the run found, in their order; those of other shards, too.</summary>
    public IReadOnlyList<string> Listing { get; init; } = [];

    /// <summary>Absolute paths of the folders that the run looked through, with a separator at their ends.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>
    /// True where the index had lost its last commits: files that were in them are in it again only if they are among those of this run.
    /// </summary>
    public bool CommitsWereLost { get; init; }

    /// <summary>New or changed files that went through the model.</summary>
    public int Embedded => Count(FileOutcome.Embedded);

    /// <summary>Embedded files of which the index had other content before; the others are new.</summary>
    public int Changed => Files.Count(file => file is { Outcome: FileOutcome.Embedded, WasKnown: true });

    /// <summary>Files whose content the index already had.</summary>
    public int Unchanged => Count(FileOutcome.Unchanged);

    /// <summary>Files known under another path, or copies of known ones: their vectors were taken over.</summary>
    public int Moved => Count(FileOutcome.Moved);

    /// <summary>Files that are gone from the indexed folders, and second paths of files that are indexed under another.</summary>
    public int Removed => Count(FileOutcome.Removed);

    /// <summary>Files, folders and links that were met and not read.</summary>
    internal IEnumerable<FileReport> LeftOut => Files.Where(file => file.Outcome is FileOutcome.Duplicate or FileOutcome.Skipped
        or FileOutcome.UnreadableKind);

    /// <summary>One message for each file, folder or link that cannot be read.</summary>
    public IReadOnlyList<string> Skipped => Messages(FileOutcome.Skipped);

    /// <summary>One message for each file that was embedded although it is damaged, as far as it could be decoded.</summary>
    public IReadOnlyList<string> Damaged => Messages(FileOutcome.Embedded);

    /// <summary>The number of files of each kind that no installed decoder reads, by extension without the dot, e.g. <c>m4a</c>.</summary>
    public IReadOnlyDictionary<string, int> UnreadableKinds => Files.Where(file => file.Outcome == FileOutcome.UnreadableKind)
        .CountBy(file => Path.GetExtension(file.Path)[1..].ToLowerInvariant())
        .OrderBy(kind => kind.Key, StringComparer.Ordinal).ToDictionary();

    int Count(FileOutcome outcome) => Files.Count(file => file.Outcome == outcome);

    List<string> Messages(FileOutcome outcome) => [.. Files.Where(file => file.Outcome == outcome && file.Message is not null)
        .Select(file => file.Message!)];
}
