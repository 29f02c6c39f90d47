using System.Text.RegularExpressions;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Cli.Tests;

/// <summary>The command lines that the documents show can be typed.</summary>
public partial class DocumentedCommandLineTests
{
    static readonly string[] _folders = ["src", "tests", "kernels", "weights-convert", "benchmarks"];
    static readonly string[] _skipped = ["bin", "obj", "node_modules"];

    [Fact]
    public void EveryCommandLineOfTheDocumentsParses()
    {
        var root = Application.Root(new Terminal(TextWriter.Null, TextWriter.Null, TimeProvider.System));
        var lines = Documents().SelectMany(path => CommandLinesOf(File.ReadAllText(path)), (path, line) => (Path: path, Line: line))
            .ToList();
        Assert.NotEmpty(lines);
        Assert.All(lines, shown =>
        {
            var parsed = root.Parse(shown.Line);
            Assert.True(parsed.Errors.Count == 0, $"{shown.Path}: {shown.Line}: {string.Join("; ", parsed.Errors)}");
            // A command that takes any number of arguments takes an unknown option for one of them.
            Assert.DoesNotContain(parsed.CommandResult.Tokens, token => token.Value.StartsWith("--", StringComparison.Ordinal));
            foreach (Match setting in Setting().Matches(shown.Line))
            {
                string key = setting.Groups["key"].Value;
                Assert.True(SettingsCatalogue.Find(key) is not null, $"{shown.Path}: there is no setting {key}");
            }
        });
    }

    [Theory]
    [InlineData("```\nnativeretrieval search \"a b\" --index x    # why\n```\n", "nativeretrieval search \"a b\" --index x")]
    [InlineData("```\nfor S in 0 1; do nativeretrieval train a \\\n    --to b; done\n```\n", "nativeretrieval train a     --to b")]
    [InlineData("text\nnativeretrieval is a program\n", null)]
    [InlineData("<!-- help -->\n```\nUsage:\n  nativeretrieval [command]\n```\n", null)]
    public void CommandLinesAreThoseOfCodeBlocks(string text, string? line) =>
        Assert.Equal(line is null ? [] : [line], CommandLinesOf(text));

    static IEnumerable<string> CommandLinesOf(string text) =>
        from block in Block().Matches(text)
        where !block.Groups["help"].Success
        from line in CommandLineOf().Matches(block.Groups["text"].Value.Replace("\\\n", ""))
        select line.Groups["line"].Value.Trim();

    static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Fixtures.RepositoryRoot, "*.md").Concat(_folders.SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(Fixtures.RepositoryRoot, folder), "*.md", SearchOption.AllDirectories)
                .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(_skipped.Contains))));

    [GeneratedRegex(@"^(?<help><!-- help.*? -->\n)?```\w*\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^(\$ |.*\bdo )?(?<line>nativeretrieval [^#;\n]*)", RegexOptions.Multiline)]
    private static partial Regex CommandLineOf();

    [GeneratedRegex(@"--set (?<key>[\w.]+)=")]
    private static partial Regex Setting();
}
