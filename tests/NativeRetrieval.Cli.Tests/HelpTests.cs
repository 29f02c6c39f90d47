using System.CommandLine;
using System.Text.RegularExpressions;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public partial class HelpTests
{
    /// <summary>Set to write what is printed into the README; then look at the difference.</summary>
    static readonly bool _update = Environment.GetEnvironmentVariable("NATIVERETRIEVAL_UPDATE_GOLDEN") == "1";

    static readonly string _readme = Path.Combine(Fixtures.RepositoryRoot, "src", "NativeRetrieval.Cli", "README.md");

    public static TheoryData<string> Commands()
    {
        var paths = new TheoryData<string>();
        foreach (var (path, _) in Walk(Application.Root(Quiet()), "")) paths.Add(path);
        return paths;
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task TheReadmeShowsTheHelpOfEachCommand(string path)
    {
        var run = await CommandLine.Run([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));

        string text = await File.ReadAllTextAsync(_readme, TestContext.Current.CancellationToken);
        string marker = MarkerOf(path);
        var block = HelpBlock().Matches(text).SingleOrDefault(found => found.Groups["marker"].Value == marker);
        Assert.True(block is not null, $"{_readme} has no block under {marker}");
        var shown = block.Groups["text"];
        if (_update) await File.WriteAllTextAsync(_readme, text[..shown.Index] + run.Out + text[(shown.Index + shown.Length)..], TestContext.Current.CancellationToken);
        else Assert.Equal(shown.Value, run.Out);
    }

    [Fact]
    public void TheReadmeShowsNoHelpOfOtherCommands() =>
        Assert.Equal(Commands().Select(row => MarkerOf(row.Data)).Order(), HelpBlock().Matches(File.ReadAllText(_readme)).Select(found => found.Groups["marker"].Value).Order());

    [Fact]
    public void EveryExampleIsACommandLineThatParses()
    {
        var root = Application.Root(Quiet());
        var examples = Walk(root, "").Select(found => found.Command).OfType<DocumentedCommand>().SelectMany(command => command.Examples).ToList();
        Assert.NotEmpty(examples);
        foreach (var (line, _) in examples)
        {
            string words = line[line.IndexOf(Application.Name, StringComparison.Ordinal)..].Split(['>', ')', '|'])[0];
            var parsed = root.Parse(words);
            Assert.True(parsed.Errors.Count == 0, $"{line}: {string.Join("; ", parsed.Errors)}");
        }
    }

    [Fact]
    public void EveryCommandAndOptionSaysWhatItDoes()
    {
        foreach (var (path, command) in Walk(Application.Root(Quiet()), ""))
        {
            Assert.False(string.IsNullOrEmpty(command.Description), path);
            Assert.All(command.Options, option => Assert.False(string.IsNullOrEmpty(option.Description), $"{path} {option.Name}"));
            Assert.All(command.Arguments, argument => Assert.False(string.IsNullOrEmpty(argument.Description), $"{path} {argument.Name}"));
            if (command.Subcommands.Count == 0) Assert.True(command is DocumentedCommand { Examples.Count: > 0 }, $"{path} has no examples");
        }
    }

    static string MarkerOf(string path) => path.Length == 0 ? "<!-- help -->" : $"<!-- help:{path} -->";

    [GeneratedRegex(@"^(?<marker><!-- help.*? -->)\n```\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex HelpBlock();

    static Terminal Quiet() => new(TextWriter.Null, TextWriter.Null, TimeProvider.System);

    static IEnumerable<(string Path, Command Command)> Walk(Command command, string path)
    {
        yield return (path, command);
        foreach (var subcommand in command.Subcommands)
            foreach (var found in Walk(subcommand, $"{path} {subcommand.Name}")) yield return found;
    }
}
