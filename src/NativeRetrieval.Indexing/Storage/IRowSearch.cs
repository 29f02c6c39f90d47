using NativeRetrieval.Core.Search;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>Exact search over the rows of a session. Safe for several threads.</summary>
internal interface IRowSearch : IDisposable
{
    /// <param name="blocks">One block for each segment of the session, in the order of ids.</param>
    /// <param name="queries">[Q, dimension], contiguous.</param>
    /// <returns>One list of at most k rows for each query.</returns>
    TopKList[] TopK(IReadOnlyList<RowBlock> blocks, ReadOnlySpan<float> queries, int k);
}

/// <summary>Search on the CPU over the mapped rows: nothing is loaded first.</summary>
internal sealed class MappedRowSearch(SegmentFormat format) : IRowSearch
{
    public TopKList[] TopK(IReadOnlyList<RowBlock> blocks, ReadOnlySpan<float> queries, int k) =>
        RowSearch.TopK(blocks, format.Element, format.Dimension, queries, k);

    public void Dispose()
    {
    }
}
