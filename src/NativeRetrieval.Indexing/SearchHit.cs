namespace NativeRetrieval.Indexing;

/// <summary>A stretch of a file that answers a query.</summary>
/// <param name="Rank">1 for the best; counts the skipped ones.</param>
/// <param name="Path">The file's absolute path, which opens from any folder.</param>
/// <param name="StartSeconds">Start of the window.</param>
/// <param name="EndSeconds">End of the window.</param>
/// <param name="Score">Cosine similarity with the query, −1 to 1 up to rounding.</param>
/// <param name="RowId">Identifies the window until the file is replaced or the index compacted; equal scores are ranked by it, lower
/// first.</param>
public sealed record SearchHit(int Rank, string Path, double StartSeconds, double EndSeconds, float Score, long RowId);
