using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>Exact search over the rows of a session. Safe for several threads.</summary>
internal interface IRowSearch : IDisposable
{
    /// <param name="session">The session that the rows are of.</param>
    /// <param name="segments">All segments of the session, in the order of ids, with the rows that must not be found.</param>
    /// <param name="queries">[Q, dimension], contiguous.</param>
    /// <returns>One list of at most k rows for each query.</returns>
    /// <exception cref="IndexCorruptException">A row in use is not what was written.</exception>
    TopKList[] TopK(ReadSession session, IReadOnlyList<SegmentRows> segments, ReadOnlySpan<float> queries, int k);

    /// <summary>Brings all rows into memory, as far as they may be kept there, for the searches to come.</summary>
    /// <param name="session">The session that the rows are of.</param>
    /// <exception cref="IndexCorruptException">A row in use is not what was written.</exception>
    void Load(ReadSession session);
}
