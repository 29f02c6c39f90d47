namespace NativeRetrieval.Indexing;

/// <param name="File">The file as it is now.</param>
/// <param name="Change">What an indexer has to do.</param>
/// <param name="Former">The full path under which the index holds this content, for Touched, Moved and Copied; otherwise null.</param>
public sealed record PlannedFile(IndexedFile File, FileChange Change, string? Former);
