using NativeRetrieval.OpBenchmarks;

namespace NativeRetrieval.Benchmarks.Tests.Ops;

/// <summary>Bytes of steady forward passes, which no clock and no number of cores change much.</summary>
public sealed class AllocationTests
{
    /// <summary>48 heads with two small products each: none of the products may leave an object behind.</summary>
    [Fact]
    public void Attention_allocates_nothing_for_each_head()
    {
        var (opCase, size) = PreparedCase.All.First(item =>
            item.Size == "4x32x12x64" && PreparedCase.NameOf(item.Case) == "AttentionWithoutDropout");
        using var prepared = new PreparedCase(opCase, size);
        Assert.InRange(Allocations.Steady(prepared.Run), 0, 48 * 64);
    }
}
