using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public class HelpTests
{
    /// <summary>Set to write what is printed over the golden files; then look at the difference.</summary>
    static readonly bool _update = Environment.GetEnvironmentVariable("NATIVERETRIEVAL_UPDATE_GOLDEN") == "1";

    public static TheoryData<string> Commands()
    {
        var paths = new TheoryData<string>();
        foreach (var (path, _) in Walk(Application.Root(Quiet()), "")) paths.Add(path);
        return paths;
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task HelpIsAsRecorded(string path)
    {
        var run = await CommandLine.Run([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));

        string golden = Path.Combine(Fixtures.RepositoryRoot, "tests", "NativeRetrieval.Cli.Tests", "golden",
            $"help{path.Replace(' ', '-')}.txt");
        if (_update) await File.WriteAllTextAsync(golden, run.Out, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(golden), $"{golden} is missing; set NATIVERETRIEVAL_UPDATE_GOLDEN=1 to write it");
        Assert.Equal(await File.ReadAllTextAsync(golden, TestContext.Current.CancellationToken), run.Out);
    }

    [Fact]
    public void EveryExampleIsACommandLineThatParses()
    {
        var root = Application.Root(Quiet());
        var examples = Walk(root, "").Select(found => found.Command).OfType<DocumentedCommand>().SelectMany(command => command.Examples)
            .ToList();
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
            if (command.Subcommands.Count == 0)
                Assert.True(command is DocumentedCommand { Examples.Count: > 0 }, $"{path} has no examples");
        }
    }

    static Terminal Quiet() => new(TextWriter.Null, TextWriter.Null, TimeProvider.System);

    static IEnumerable<(string Path, Command Command)> Walk(Command command, string path)
    {
        yield return (path, command);
        foreach (var subcommand in command.Subcommands)
            foreach (var found in Walk(subcommand, $"{path} {subcommand.Name}")) yield return found;
    }
}
