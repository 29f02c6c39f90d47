using System.Text.Json;

namespace NativeRetrieval.Cli.Tests;

public class UsageTests
{
    [Theory]
    [InlineData("docter", "did you mean 'doctor'?")]
    [InlineData("inedx stats x", "did you mean 'index'?")]
    [InlineData("index sounds", "say where the index is by --to")]
    [InlineData("index", "name the sound files or folders to index")]
    [InlineData("train x.csv --audio a", "--to")]
    [InlineData("doctor --jsno", "did you mean '--json'?")]
    [InlineData("index stats", "Required argument missing")]
    [InlineData("completion tcsh", "'tcsh' not recognized")]
    [InlineData("doctor extra", "run 'nativeretrieval doctor --help'")]
    [InlineData("train a.csv --audio . --presett tiny", "unknown option '--presett'; if it is not meant as one, put it after --\n"
        + "did you mean '--preset'?")]
    [InlineData("train a.csv --audio . --presett=tiny --to run", "did you mean '--preset'?")]
    [InlineData("train a.csv --audio . --to --prset", "did you mean '--preset'?")]
    [InlineData("index sounds --modell m --to x", "did you mean '--model'?")]
    [InlineData("search rain --index x --quite", "did you mean '--quiet'?")]
    [InlineData("search --jsno --index x", "unknown option '--jsno'")]
    [InlineData("index sounds -m m", "unknown option '-m'")]
    [InlineData("search --index --top 3", "--index needs a value, and what follows is the option '--top'")]
    [InlineData("search a dog barks --index x", "error: words that belong together need quotes: \"a dog barks\"; "
        + "several sentences of one word each need weights: a^1 dog^1 barks^1\n")]
    [InlineData("search a dog barks --indx x", "need quotes: \"a dog barks\"; ")]
    [InlineData("search a --index x dog", "need quotes: \"a dog\"; ")]
    [InlineData("search rain ^wind --index x", "need quotes: \"rain ^wind\"; ")]
    [InlineData("search rain^loud wind --index x", "need quotes: \"rain^loud wind\"; ")]
    [InlineData("similar my bark.wav --index x", "similar takes one FILE, and 'bark.wav' is left over")]
    [InlineData("search rain --index x --top abc", "error: --top abc: expected a whole number, e.g. 10\n")]
    [InlineData("search rain --index x --top 2.5", "--top 2.5: expected a whole number")]
    [InlineData("search rain --index x --top 0", "--top 0: expected 1 to 1,000,000 hits")]
    [InlineData("similar a.wav --index x --top 99999999999", "--top 99999999999: the number is too large")]
    [InlineData("search rain --index x --min-score 5", "--min-score 5: expected -1 to 1, because scores are cosine similarities")]
    [InlineData("search rain --index x --min-score nan", "--min-score nan: expected a number")]
    [InlineData("index sounds --model m --to x --window 1,5", "--window 1,5: expected seconds, or a number with its unit")]
    [InlineData("index sounds --model m --to x --hop abc", "--hop abc: expected seconds, or a number with its unit: 12.5, 500ms")]
    [InlineData("evaluate a.csv --model m --hard ten", "--hard ten: expected a whole number")]
    [InlineData("convert a.pth --to m --heads four", "--heads four: expected a whole number")]
    public async Task AMistypedCommandLineIsExplainedOnStderr(string line, string expected)
    {
        var run = await CommandLine.Run(line.Split(' '));
        Assert.Equal((ExitCode.Usage, ""), (run.ExitCode, run.Out));
        Assert.Contains(expected, run.Error);
        Assert.DoesNotContain("   at ", run.Error);
        Assert.DoesNotContain("System.", run.Error);
        Assert.DoesNotContain("internal error", run.Error);
    }

    [Fact]
    public async Task AWordBehindAnUnknownOptionIsNoPartOfTheSentence() =>
        Assert.DoesNotContain("quotes", (await CommandLine.Run("search", "rain", "--indx", "x")).Error);

    [Theory]
    [InlineData("search|rain|--index|nowhere|--min-score|-0.5")]
    [InlineData("search|-ish sounds|--index|nowhere")]
    [InlineData("search|--index|nowhere|--|--jsno")]
    [InlineData("search|-q|rain|--index=nowhere|--top:3")]
    [InlineData("search|rain^1|wind^1|--index|nowhere")]
    [InlineData("search|rain|wind^-0.5|--index|nowhere")]
    [InlineData("search|a dog barks|rain|--index|nowhere")]
    [InlineData("search|a\u00a0dog|rain|--index|nowhere")]
    public async Task NegativeNumbersSentencesAndWhatFollowsTwoDashesAreNoOptions(string line)
    {
        var run = await CommandLine.Run(line.Split('|'));
        Assert.Equal(ExitCode.Failure, run.ExitCode);
        Assert.Contains("nowhere: there is no index", run.Error);
    }

    [Fact]
    public async Task WhatIsTypedIsShownWithoutItsControlCharacters()
    {
        var run = await CommandLine.Run("doctor", "\e[2J\u202e");
        Assert.Contains(@"'\x1b[2J\u202e'", run.Error);
    }

    [Theory]
    [InlineData("search a dog --index x --json", 2, "need quotes")]
    [InlineData("search a --index x --json --top abc", 2, "--top abc")]
    [InlineData("search --index --json", 2, "--index needs a value")]
    [InlineData("docter --json", 2, "did you mean 'doctor'?")]
    [InlineData("index stats nowhere --json", 1, "there is no index")]
    [InlineData("train a.csv --audio . --to run --json", 2, "--check or --estimate")]
    public async Task AnErrorUnderJsonIsOneDocumentOnStdout(string line, int code, string message)
    {
        var run = await CommandLine.Run(line.Split(' '));
        var document = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal(["schema_version", "error"], document.EnumerateObject().Select(member => member.Name));
        Assert.Equal(1, document.GetProperty("schema_version").GetInt32());
        var error = document.GetProperty("error");
        Assert.Equal((code, code), (run.ExitCode, error.GetProperty("code").GetInt32()));
        Assert.Contains(message, error.GetProperty("message").GetString());
        Assert.Contains(message, run.Error);
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
