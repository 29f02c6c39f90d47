using NativeRetrieval.OpBenchmarks;

namespace NativeRetrieval.Benchmarks.Tests.Ops;

/// <summary>
/// Bytes of steady forward passes, which no clock and no number of cores change much. They are the whole process's, so that no other test
/// may run meanwhile.
/// </summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    /// <summary>
    /// Heads with two products each, small ones and some that would be shared out: none of them may leave an object behind.
    /// </summary>
    [Theory]
    [InlineData("4x32x12x64", 48)]
    [InlineData("2x64x12x64", 24)]
    public void Attention_allocates_nothing_for_each_head(string size, int heads) =>
        Assert.InRange(Steady("AttentionWithoutDropout", size), 0, 1024 + heads * 40);

    /// <summary>128 pairs: 128 kB of similarities alone.</summary>
    [Theory]
    [InlineData("NtXentPaper")]
    [InlineData("DistillationMean")]
    public void A_loss_allocates_nothing_that_grows_with_the_batch(string name) =>
        Assert.InRange(Steady(name, "128x1024"), 0, 8192);

    static long Steady(string name, string size)
    {
        var (opCase, _) = PreparedCase.All.First(item => item.Size == size && PreparedCase.NameOf(item.Case) == name);
        using var prepared = new PreparedCase(opCase, size);
        return Allocations.Steady(prepared.Run);
    }
}
