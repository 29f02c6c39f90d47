using NativeRetrieval.Benchmarks.Suites;

namespace NativeRetrieval.Benchmarks.Tests.Suites;

/// <summary>
/// Suites without a large model run their first row alone: a change of the engine's interface would stop them after minutes.
/// </summary>
public sealed class SuiteRowsTests
{
    [Theory]
    [InlineData("conv")]
    [InlineData("gemm")]
    [InlineData("gemm-training")]
    [InlineData("operations")]
    [InlineData("logmel")]
    [InlineData("resample")]
    public void TheFirstRowIsMeasured(string name)
    {
        var options = SuiteOptions.Parse([name, "--peer", "none"], out _)!;
        var row = Assert.Single(options.Suites).Run(new Bench(options.Rounds, null).WithAtMost(1)).First();
        Assert.True(row.OursMs > 0);
    }
}
