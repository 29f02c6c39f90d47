using NativeRetrieval.OpBenchmarks;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.Benchmarks.Tests.Ops;

/// <summary>Every op and every encoder is timed: none is left out, and each runs again and again.</summary>
public sealed class PreparedTests
{
    [Fact]
    public void Every_op_case_has_a_size_under_a_name_of_its_own()
    {
        Assert.Equal(OpCaseCatalogue.All.Select(opCase => opCase.GetType()).ToHashSet(),
            PreparedCase.All.Select(item => item.Case.GetType()).ToHashSet());
        Assert.Equal(OpForward.Names.Count(), OpForward.Names.Distinct().Count());
    }

    [Fact]
    public void Every_op_runs_twice_on_the_inputs_of_its_smallest_size()
    {
        foreach (var opCase in OpCaseCatalogue.All)
        {
            using var prepared = new PreparedCase(opCase, opCase.Sizes.MinBy(size => opCase.Cost(size).ForwardBytes)!);
            prepared.Run();
            prepared.Run();
        }
    }

    [Fact]
    public void Each_encoder_is_there_in_full_size_too() =>
        Assert.All(PreparedEncoder.Small.Keys, name =>
            Assert.Contains(PreparedEncoder.Full.Keys, full => full.StartsWith(name, StringComparison.Ordinal)));
}
