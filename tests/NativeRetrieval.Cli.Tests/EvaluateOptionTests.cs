namespace NativeRetrieval.Cli.Tests;

public class EvaluateOptionTests
{
    [Theory]
    [InlineData("--weights 1,0", "belong to --fusion weighted")]
    [InlineData("--fusion weighted", "either --weights or --fit-weights")]
    [InlineData("--fusion weighted --weights 1", "1 weights (1) for 2 models")]
    [InlineData("--fusion weighted --weights 0.5;0.5", "is not a number")]
    [InlineData("--fusion weighted --weights 0.5,0.6", "must sum to 1")]
    [InlineData("--fusion best", "best")]
    [InlineData("--hard -1", "at least 0")]
    [InlineData("--fusion none --hard 3", "no one ranking")]
    [InlineData("--fusion none --submission out.csv", "no one ranking")]
    [InlineData("--hard many", "many")]
    public async Task Contradictory_options_are_refused(string options, string message)
    {
        var run = await CommandLine.Run(["evaluate", "test.csv", "--audio", "clips", "--model", "a", "--model", "b",
            .. options.Split(' ')]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Fact]
    public async Task Sounds_or_vectors_must_be_named()
    {
        var run = await CommandLine.Run("evaluate", "test.csv", "--model", "a");
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--audio", run.Error);
    }
}
