using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Benchmarks.Suites;

namespace NativeRetrieval.Benchmarks.Tests.Suites;

/// <summary>The command line of the suites.</summary>
public sealed class SuiteOptionsTests
{
    [Fact]
    public void Options_are_read_in_any_order()
    {
        var options = SuiteOptions.Parse(
            ["--rounds", "5", "conv", "--peer", "torch", "gemm", "--to", "out/x", "conv"], out string? mistake)!;
        Assert.Null(mistake);
        Assert.Equal(["conv", "gemm"], options.Suites.Select(suite => suite.Name));
        Assert.Equal((PeerProgram.Torch, 5, false, "out/x"), (options.Peer, options.Rounds, options.Save, options.To));
        Assert.Null(SuiteOptions.Parse(["peers", "--peer", "none"], out _)!.Peer);
        Assert.Equal(PeerProgram.OnnxRuntime, SuiteOptions.Parse(["peers", "--save"], out _)!.Peer);
        Assert.True(SuiteOptions.Parse(["peers", "--check"], out _)!.Check);
    }

    [Theory]
    [InlineData("'convs' is not understood", "convs")]
    [InlineData("'--rounds' before '0' is not understood", "conv", "--rounds", "0")]
    [InlineData("'--peer' before 'node' is not understood", "conv", "--peer", "node")]
    [InlineData("'--to' is not understood", "conv", "--to")]
    [InlineData("no suite is named", "--save")]
    public void A_mistake_is_named_with_what_there_is(string message, params string[] arguments)
    {
        Assert.Null(SuiteOptions.Parse(arguments, out string? mistake));
        Assert.StartsWith(message, mistake);
        Assert.Contains("peers cnn14", mistake);
    }
}
