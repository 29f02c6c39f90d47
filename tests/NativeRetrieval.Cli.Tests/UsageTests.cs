namespace NativeRetrieval.Cli.Tests;

public class UsageTests
{
    [Theory]
    [InlineData("docter", "did you mean 'doctor'?")]
    [InlineData("inedx stats x", "did you mean 'index'?")]
    [InlineData("index sounds", "say which model to use by --model and where the index is by --to")]
    [InlineData("index", "name the sound files or folders to index")]
    [InlineData("train x.csv --audio a", "--to")]
    [InlineData("doctor --jsno", "did you mean '--json'?")]
    [InlineData("index stats", "Required argument missing")]
    [InlineData("completion tcsh", "'tcsh' not recognized")]
    [InlineData("doctor extra", "run 'nativeretrieval doctor --help'")]
    public async Task AMistypedCommandLineIsExplainedOnStderr(string line, string expected)
    {
        var run = await CommandLine.Run(line.Split(' '));
        Assert.Equal((ExitCode.Usage, ""), (run.ExitCode, run.Out));
        Assert.Contains(expected, run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public async Task NothingNearIsNotSuggested() => Assert.DoesNotContain("did you mean", (await CommandLine.Run("zzzzzzzz")).Error);

    [Fact]
    public async Task ACommandThatNeedsAnotherShowsItsHelpOnStderr()
    {
        var run = await CommandLine.Run();
        Assert.Equal((ExitCode.Usage, ""), (run.ExitCode, run.Out));
        Assert.Contains("Commands:", run.Error);
    }

    [Theory]
    [InlineData("doctor", "doctor", 0)]
    [InlineData("docotr", "doctor", 1)]
    [InlineData("dctr", "doctor", 2)]
    [InlineData("", "abc", 3)]
    [InlineData("index", "doctor", 6)]
    public void DistanceCountsEdits(string a, string b, int expected) => Assert.Equal(expected, UsageError.Distance(a, b));

    [Fact]
    public async Task VersionIsOneLine()
    {
        var run = await CommandLine.Run("--version");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^nativeretrieval \d+\.\d+\.\d+\n$", run.Out);
    }
}
