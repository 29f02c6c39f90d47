namespace NativeRetrieval.Indexing;

/// <summary>
/// Compares files with what an index holds, so that only new content is embedded. A file of the same path, size and time
/// counts as unchanged and is not read; any other is identified by the hash of its content. Decisions are carried out in
/// the order in which they were taken.
/// </summary>
/// <param name="known">Files that the index holds, from <see cref="LocalAudioIndex.Files()"/>.</param>
/// <param name="exists">Tells by full path if a file is there.</param>
/// <param name="hashOf">The <see cref="ContentHash"/> of a file, by full path.</param>
public sealed class IncrementalPlan(IReadOnlyList<IndexedFile> known, Func<string, bool> exists, Func<string, string> hashOf)
{
    readonly Dictionary<string, IndexedFile> _unseen = known.ToDictionary(file => file.FullPath);
    readonly Dictionary<string, IndexedFile> _byPath = known.ToDictionary(file => file.FullPath);
    readonly HashSet<string> _replaced = [];
    readonly ILookup<string, IndexedFile> _byContent = known.ToLookup(file => file.ContentHash);

    /// <summary>
    /// Known files that were neither decided on nor found under a new path: an indexer may take those that are gone out of the index.
    /// </summary>
    public IEnumerable<IndexedFile> Unseen => _unseen.Values;

    /// <summary>Compares one file with the index and records the decision.</summary>
    /// <param name="path">The path as the user gave it.</param>
    /// <param name="sizeBytes">Length of the file.</param>
    /// <param name="modifiedUtc">Time of its last change, UTC.</param>
    public PlannedFile Decide(string path, long sizeBytes, DateTime modifiedUtc)
    {
        string full = Path.GetFullPath(path);
        _unseen.Remove(full);
        _byPath.TryGetValue(full, out var same);
        if (same is not null && same.SizeBytes == sizeBytes && same.ModifiedUtc == modifiedUtc)
            return new(same, FileChange.Unchanged, full);

        var file = new IndexedFile
        {
            Path = path,
            FullPath = full,
            ContentHash = hashOf(full),
            SizeBytes = sizeBytes,
            ModifiedUtc = modifiedUtc,
        };
        if (same is not null && same.ContentHash == file.ContentHash) return new(file, FileChange.Touched, full);

        if (same is not null) _replaced.Add(full);
        var holders = _byContent[file.ContentHash].Where(former => !_replaced.Contains(former.FullPath)).ToList();
        if (holders.Find(former => _unseen.ContainsKey(former.FullPath) && !exists(former.FullPath)) is { } moved)
        {
            _unseen.Remove(moved.FullPath);
            _replaced.Add(moved.FullPath);
            return new(file, FileChange.Moved, moved.FullPath);
        }
        if (holders is [var copied, ..]) return new(file, FileChange.Copied, copied.FullPath);
        return new(file, same is null ? FileChange.New : FileChange.Changed, Former: null);
    }
}

/// <summary>The decision about one file.</summary>
/// <param name="File">The file as it is now.</param>
/// <param name="Change">Step that an indexer has to take.</param>
/// <param name="Former">The full path under which the index holds this content, for Touched, Moved and Copied; otherwise null.</param>
public sealed record PlannedFile(IndexedFile File, FileChange Change, string? Former);
