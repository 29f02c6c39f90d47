using NativeRetrieval.Core.Search;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>On the CPU, where the rows are mapped: nothing to load first.</summary>
internal sealed class MappedRowSearch(SegmentFormat format) : IRowSearch
{
    public TopKList[] TopK(IReadOnlyList<RowBlock> blocks, ReadOnlySpan<float> queries, int k) =>
        RowSearch.TopK(blocks, format.Element, format.Dimension, queries, k);

    public void Dispose()
    {
    }
}
