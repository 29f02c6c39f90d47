using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Search;

public sealed class SearchArgumentTests
{
    [Fact]
    public void Queries_that_are_no_whole_rows_are_refused()
    {
        var error = Assert.Throws<ShapeException>(() => RowSearch.TopK([], DType.Float32, 3, new float[4], 1));
        Assert.Equal("TopK: queries must be rows of 3 numbers, at least 1; got 4 numbers", error.Message);
        Assert.Throws<ShapeException>(() => RowSearch.TopK([], DType.Float32, 0, [], 1));
        Assert.Equal(0, Assert.Single(RowSearch.TopK([], DType.Float32, 3, new float[3], 1)).Count);
    }

    [Fact]
    public void Rows_of_other_types_and_a_negative_k_are_refused()
    {
        Assert.Throws<ShapeException>(() => RowSearch.TopK([], DType.Float64, 3, new float[3], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RowSearch.TopK([], DType.Float32, 3, new float[3], -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TopKList(-1));
    }

    [Fact]
    public void A_list_is_drained_as_a_whole_or_not_at_all()
    {
        var list = new TopKList(2);
        list.Offer(1, 7);
        list.Offer(2, 8);
        Assert.Throws<ArgumentException>(() => list.Drain(new float[2], new long[1]));
        Assert.Throws<ArgumentException>(() => list.Drain(new float[1], new long[2]));
        Assert.Equal(2, list.Count);
        long[] ids = new long[2];
        list.Drain(new float[2], ids);
        Assert.Equal([8L, 7], ids);
    }
}
