namespace NativeRetrieval.Engine;

/// <summary>State of an indexing run between two files.</summary>
/// <param name="Done">Files that were looked at.</param>
/// <param name="Total">Files to look at.</param>
/// <param name="AudioSeconds">Length of the embedded sounds, seconds.</param>
/// <param name="Next">Path of the file that is looked at now; null: all were.</param>
public sealed record IndexingProgress(int Done, int Total, double AudioSeconds, string? Next = null);
