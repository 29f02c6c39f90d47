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
        var cancellation = TestContext.Current.CancellationToken;
        var run = await CommandLine.Run([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));

        string text = await File.ReadAllTextAsync(_readme, cancellation);
        string marker = MarkerOf(path);
        var block = HelpBlock().Matches(text).SingleOrDefault(found => found.Groups["marker"].Value == marker);
        Assert.True(block is not null, $"{_readme} has no block under {marker}");
        var shown = block.Groups["text"];
        if (!_update) Assert.Equal(shown.Value, run.Out);
        else await File.WriteAllTextAsync(_readme, text.Replace(block.Value, $"{marker}\n```\n{run.Out}```"), cancellation);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task HelpNamesNoArgumentOfTheCommandAbove(string path)
    {
        string[] words = path.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var run = await CommandLine.Run([.. words, "--help"]);
        Assert.Contains($"\n  {string.Join(' ', words.Prepend(Application.Name))}", run.Out);
    }

    [Fact]
    public void TheReadmeShowsNoHelpOfOtherCommands()
    {
        var shown = HelpBlock().Matches(File.ReadAllText(_readme)).Select(found => found.Groups["marker"].Value);
        Assert.Equal(Commands().Select(row => MarkerOf(row.Data)).Order(), shown.Order());
    }

    [Fact]
    public void EveryExampleIsACommandLineThatParses()
    {
        var root = Application.Root(Quiet());
        var commands = Walk(root, "").Select(found => found.Command).OfType<DocumentedCommand>();
        var examples = commands.SelectMany(command => command.Examples).ToList();
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
            if (command.Subcommands.Count > 0) continue;
            Assert.True(command is DocumentedCommand { Examples.Count: > 0 }, $"{path} has no examples");
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
