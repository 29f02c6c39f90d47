using System.Text.RegularExpressions;
using NativeRetrieval.Benchmarks.Serving;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Benchmarks.Tests.Serving;

/// <summary><c>benchmarks -- collection</c> on an index of 200 windows.</summary>
public sealed partial class CollectionCommandTests
{
    [Fact]
    public async Task Searches_and_every_filter_are_measured_and_the_index_is_made_once()
    {
        using var folder = new TemporaryFolder();
        string[] lines = await MeasureAsync("--windows", "205", "--element", "bfloat16", "--rounds", "1", "--at", folder["c"]);
        Assert.StartsWith("200 windows of 20 files, 1024 x BFloat16, 0.00 GB; memory gives ", lines[0]);
        Assert.Matches("^opened in [0-9,]+ ms, first search [0-9,]+ ms, loaded in [0-9,]+ ms$", lines[1]);
        Assert.Equal(["| search | ms | of one query |", "|---|---:|---:|"], lines[2..4]);
        Assert.Equal(["one query", "4 queries at once", "16 queries at once", "64 queries at once"], lines[4..8].Select(Measured));
        // Files 0 to 19, of which every other has one channel, every third 96 kHz, and which were added a minute after one another.
        Assert.Equal(["folder: 0.0 % of the files", "sample rate: 35.0 % of the files", "channels: 50.0 % of the files",
            "added: 45.0 % of the files", "length: 0.0 % of the files"],
            ((string[])["folder", "sample rate", "channels", "added", "length"]).Select(filter =>
                lines[8..18].Select(Measured).Single(name => name.StartsWith($"{filter}:", StringComparison.Ordinal))));
        Assert.Matches("^one query reads [0-9.]+ GB/s of the stored rows, [0-9]+ % of what memory gives$", Assert.Single(lines[18..]));

        string segment = Directory.GetFiles(folder["c"], "*", SearchOption.AllDirectories).MaxBy(path => new FileInfo(path).Length)!;
        var made = File.GetLastWriteTimeUtc(segment);
        Assert.StartsWith("200 windows", (await MeasureAsync("--at", folder["c"], "--rounds", "1"))[0]);
        Assert.Equal(made, File.GetLastWriteTimeUtc(segment));
    }

    [Theory]
    [InlineData("--windows", "9")]
    [InlineData("--windows", "many")]
    [InlineData("--rounds", "0")]
    [InlineData("--element", "int8")]
    [InlineData("--at")]
    [InlineData("100")]
    public async Task A_mistake_is_answered_with_the_usage(params string[] args)
    {
        StringWriter output = new(), error = new();
        Assert.Equal(2, await CollectionCommand.RunAsync(args, output, error));
        Assert.Equal("", output.ToString());
        Assert.Contains(CollectionCommand.Usage, error.ToString());
    }

    static async Task<string[]> MeasureAsync(params string[] args)
    {
        StringWriter output = new() { NewLine = "\n" }, error = new();
        Assert.Equal(0, await CollectionCommand.RunAsync(args, output, error));
        Assert.Equal("", error.ToString());
        return output.ToString().TrimEnd('\n').Split('\n');
    }

    static string Measured(string line) => Row().Match(line) is { Success: true } row ? row.Groups["name"].Value
        : throw new InvalidOperationException($"no row of measurements: {line}");

    [GeneratedRegex(@"^\| (?<name>.+) \| [0-9.]+ \| [0-9.]+ \|$")]
    private static partial Regex Row();
}
