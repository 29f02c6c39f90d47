using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Tests;

public sealed class CountedTests
{
    [Theory]
    [InlineData(0, "0 files")]
    [InlineData(1, "1 file")]
    [InlineData(12_000, "12,000 files")]
    public void A_thing_is_in_the_singular_where_there_is_one(long count, string expected) =>
        Assert.Equal(expected, Counted.Of(count, "file"));

    [Fact]
    public void A_plural_may_be_its_own() => Assert.Equal("2 queries", Counted.Of(2, "query", "queries"));
}
