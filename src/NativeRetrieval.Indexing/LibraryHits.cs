using System.Collections;

namespace NativeRetrieval.Indexing;

/// <summary>The hits of one question that were asked for, best first, and the number of all.</summary>
/// <param name="hits">The hits.</param>
/// <param name="total">See <see cref="Total"/>.</param>
public sealed class LibraryHits(IReadOnlyList<LibraryHit> hits, long total) : IReadOnlyList<LibraryHit>
{
    /// <summary>
    /// Number of recordings, or windows, that meet the question's conditions: an answer without <see cref="LibraryIndexQuery.Top"/> and
    /// <see cref="LibraryIndexQuery.Skip"/> would have as many hits.
    /// </summary>
    public long Total => total;

    /// <inheritdoc/>
    public int Count => hits.Count;

    /// <inheritdoc/>
    public LibraryHit this[int index] => hits[index];

    /// <inheritdoc/>
    public IEnumerator<LibraryHit> GetEnumerator() => hits.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
