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
    /// <summary>Bytes of a <see cref="Core.Tensors.Tensor"/>, the handle of a result: all that an operation leaves.</summary>
    const int Handle = 64;

    /// <summary>One result each, and no closure, delegate, job, list, shape or block beside it.</summary>
    [Theory]
    [InlineData("Gelu", "32x3072", 1)]
    [InlineData("Relu", "2x128x16x32", 1)]
    [InlineData("Add", "64x768", 1)]
    [InlineData("LinearGelu", "3x11x260x33", 1)]
    [InlineData("MatMulPlain", "33x300x70", 1)]
    [InlineData("FirstToken", "8x32x768", 1)]
    [InlineData("MergePatches", "2x32x32x96", 1)]
    [InlineData("LogMelReport", "2x64000", 1)]
    [InlineData("LayerNorm", "128x768", 3)]
    [InlineData("AddLayerNormWithoutDropout", "128x768", 3)]
    public void An_operation_leaves_the_handles_of_its_results(string name, string size, int handles) =>
        Assert.InRange(Steady(name, size), 0, handles * Handle);

    /// <summary>Handles of the results of all operations, and of an encoder of texts the record of its inputs.</summary>
    [Theory]
    [InlineData("CNN6", 928)]
    [InlineData("CNN10", 1184)]
    [InlineData("CNN14", 1568)]
    [InlineData("ResNet38", 3232)]
    [InlineData("HTSAT", 6048)]
    [InlineData("BERT", 2920)]
    [InlineData("RoBERTa", 2920)]
    public void An_encoder_leaves_the_handles_of_its_operations(string name, int bytes)
    {
        using var prepared = PreparedEncoder.Small[name]();
        Assert.InRange(Least(prepared.Run), 0, bytes);
    }

    /// <summary>
    /// Heads with two products each, small ones and some that would be shared out: none of them may leave an object behind.
    /// </summary>
    [Theory]
    [InlineData("4x32x12x64")]
    [InlineData("2x64x12x64")]
    public void Attention_allocates_nothing_for_each_head(string size) =>
        Assert.InRange(Steady("AttentionWithoutDropout", size), 0, 768);

    /// <summary>128 pairs: 128 kB of similarities alone.</summary>
    [Theory]
    [InlineData("NtXentPaper", 2136)]
    [InlineData("DistillationMean", 512)]
    public void A_loss_allocates_nothing_that_grows_with_the_batch(string name, int bytes) =>
        Assert.InRange(Steady(name, "128x1024"), 0, bytes);

    /// <summary>Sums in float64 for each clip and channel, and the moments of each channel: 51 kB.</summary>
    [Fact]
    public void Batch_norm_in_training_takes_its_sums_from_a_pool() =>
        Assert.InRange(Steady("BatchNormTraining", "4x512x62x8"), 0, 712);

    static long Steady(string name, string size)
    {
        var (opCase, _) = PreparedCase.All.First(item => item.Size == size && PreparedCase.NameOf(item.Case) == name);
        using var prepared = new PreparedCase(opCase, size);
        return Least(prepared.Run);
    }

    /// <summary>The least of three means: the runtime makes an object now and then.</summary>
    static long Least(Action run) => Enumerable.Range(0, 3).Min(_ => Allocations.Steady(run));
}
