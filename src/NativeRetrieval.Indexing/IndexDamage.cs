namespace NativeRetrieval.Indexing;

/// <summary>The damage of an index that new vectors put right; see <see cref="LocalAudioIndex.FindDamageAsync"/>.</summary>
/// <param name="Files">Files with a vector that is not what was written, or is missing.</param>
/// <param name="Segments">Segment files that are damaged or missing.</param>
/// <param name="CommitsAreLost">
/// True where the catalogue is older than the last commit: files that were added since are not in it, and are not named.
/// </param>
public sealed record IndexDamage(IReadOnlyList<IndexedFile> Files, int Segments, bool CommitsAreLost)
{
    /// <summary>True if there is none.</summary>
    public bool IsNone => Segments == 0 && !CommitsAreLost;
}
