namespace NativeRetrieval.Engine;

/// <summary>What an indexing run did. Files not listed anywhere were left as they were.</summary>
/// <param name="Embedded">New or changed files that went through the model.</param>
/// <param name="Windows">Their windows.</param>
/// <param name="AudioSeconds">Their length.</param>
/// <param name="Unchanged">Files whose content the index already had.</param>
/// <param name="Moved">Files known under another path, or copies of known ones: their vectors were taken over.</param>
/// <param name="Removed">Files that are gone from the indexed folders.</param>
/// <param name="Skipped">One message for each file that cannot be decoded.</param>
public sealed record IndexingReport(int Embedded, int Windows, double AudioSeconds, int Unchanged, int Moved, int Removed, IReadOnlyList<string> Skipped);
