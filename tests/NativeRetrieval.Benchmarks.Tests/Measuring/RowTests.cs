using NativeRetrieval.Benchmarks.Measuring;

namespace NativeRetrieval.Benchmarks.Tests.Measuring;

/// <summary>The limit that a row of a table is related to.</summary>
public sealed class RowTests
{
    static readonly Ceilings _ceilings = new(GigaflopPerSecond: 200, GigabytesPerSecond: 20);

    [Theory]
    [InlineData(1, 0, null, "100 GF/s", "50 %")]
    [InlineData(1, 0, 125.0, "100 GF/s", "80 %")]
    [InlineData(0, 0.1, 125.0, "10.0 GB/s", "50 %")]
    [InlineData(1, 0.1, null, "10.0 GB/s", "50 %")]
    [InlineData(1, 0.1, 125.0, "100 GF/s", "80 %")]
    [InlineData(0, 0, 125.0, "", "")]
    public void The_limit_is_what_the_work_comes_nearest_to(double gigaflop, double gigabytes, double? cores, string rate, string share)
    {
        var row = new Row("suite", "shape", OursMs: 10, PeerMs: null, gigaflop, gigabytes, Cores: cores);
        Assert.Equal(rate, row.Rate(_ceilings));
        Assert.Equal(share, row.OfCeiling(_ceilings));
    }
}
