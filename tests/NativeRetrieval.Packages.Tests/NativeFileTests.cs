using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using System.Text.RegularExpressions;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Packages.Tests;

/// <summary>The command line as one native file: it prints what the tool on the .NET runtime prints.</summary>
public sealed class NativeFileTests
{
    static readonly string _folder = Path.Combine(Fixtures.RepositoryRoot, "artifacts", "native");

    static readonly string _program = Path.Combine(_folder, "nativeretrieval");

    /// <summary>The runtime would take wider vectors than the native file has, and their sums differ in the last bits.</summary>
    static readonly Dictionary<string, string?> _environment = new() { ["DOTNET_EnableAVX512"] = "0" };

    readonly Workshop _workshop;

    public NativeFileTests(Workshop workshop)
    {
        Package.Require();
        Assert.SkipUnless(File.Exists(_program), $"{_program} is not there: {Package.HowTo}");
        Assert.SkipUnless(Avx2.IsSupported, "the native file takes AVX2, which this processor lacks");
        _workshop = workshop;
    }

    public static TheoryData<string> CommandLines { get; } =
    [
        "--version", "--help", "train --help", "models list", "doctor --no-such-option", "completion bash", "search",
        "index nothing --to x.nrx --model model", "index stats sounds.nrx", "index verify sounds.nrx", "search siren --index sounds.nrx",
        "search siren --index sounds.nrx --json", "search siren --index sounds.nrx --name demo-*1.wav",
        "similar sounds/audio/demo-0001.wav --index sounds.nrx",
        "evaluate sounds/test.csv --audio sounds/audio --model model", "train sounds/train.csv --preset tiny --to y training.epochs=none",
    ];

    [Fact]
    public void It_is_one_file() => Assert.Equal([_program], Directory.EnumerateFileSystemEntries(_folder));

    [Theory, MemberData(nameof(CommandLines))]
    public void It_prints_what_the_tool_prints(string line)
    {
        _workshop.Index();
        var (expected, actual) = (Run(_workshop.Tool(), line.Split(' ')), Run(_program, line.Split(' ')));
        Assert.Equal(Untimed(expected), Untimed(actual));
    }

    /// <summary>The same but for the seconds that progress tells.</summary>
    static Shell Untimed(Shell run) => run with { Error = Regex.Replace(run.Error, @"\b\d+ s$", "some s", RegexOptions.Multiline) };

    /// <summary>The tool trained the workshop's model; vectors of another width round otherwise.</summary>
    [Fact]
    public void It_trains_with_the_losses_of_the_tool()
    {
        _workshop.Index();
        Run(_program, "train", "sounds/train.csv", "--audio", "sounds/audio", "--preset", "tiny", "--set", "training.epochs=1", "--to",
            "native").Succeeds();
        double[] expected = Losses("model"), actual = Losses("native");
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4 * expected[i]);

        double[] Losses(string run) => [.. File.ReadLines(Path.Combine(_workshop.FullPath, run, "metrics.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("loss", out var loss) && loss.ValueKind == JsonValueKind.Number)
            .Select(line => line.GetProperty("loss").GetDouble())];
    }

    [Fact]
    public async Task Its_service_answers_what_the_tools_does()
    {
        string index = _workshop.Index();
        byte[] sound = File.ReadAllBytes(Path.Combine(_workshop.Sounds, "demo-0001.wav"));
        using var tool = new Service(_workshop.FullPath, _environment, _workshop.Tool(), index);
        using var native = new Service(_workshop.FullPath, _environment, _program, index);
        foreach (var (path, body) in (IEnumerable<(string, byte[]?)>)[("openapi/v1.json", null), ("health", null), ("", null),
            ("assets/app.js", null), ("v1/indexes", null), ("v1/models", null), ("v1/search?q=a+siren+wails", null),
            ("v1/search?top=none&q=x", null), ("nothing", null), ("v1/search/audio?top=3", sound), ("v1/search/audio", [1, 2, 3])])
        {
            string expected = await tool.AskAsync(path, body, TestContext.Current.CancellationToken);
            Assert.Equal(expected, await native.AskAsync(path, body, TestContext.Current.CancellationToken));
            Assert.DoesNotMatch("^500", expected);
        }
    }

    Shell Run(string program, params string[] args) =>
        Shell.Run(_workshop.FullPath, _environment, program, args);
}
