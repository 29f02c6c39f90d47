using System.Runtime.Intrinsics.X86;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Packages.Tests;

/// <summary>The command line as one native file: it prints what the tool on the .NET runtime prints.</summary>
public sealed class NativeFileTests
{
    static readonly string _folder = Path.Combine(Fixtures.RepositoryRoot, "artifacts", "native");

    static readonly string _program = Path.Combine(_folder, "nativeretrieval");

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
        "--version", "--help", "train --help", "models list", "doctor --no-such-option", "completion bash", "search", "index nothing --to x.nrx --model model",
        "search siren --index sounds.nrx", "search siren --index sounds.nrx --json", "search siren --index sounds.nrx --name demo-*1.wav --group window",
        "similar sounds/audio/demo-0001.wav --index sounds.nrx", "index stats sounds.nrx", "index verify sounds.nrx",
        "evaluate sounds/test.csv --audio sounds/audio --model model", "train sounds/train.csv --preset tiny --to y training.epochs=none",
    ];

    [Fact]
    public void It_is_one_file() => Assert.Equal([_program], Directory.EnumerateFileSystemEntries(_folder));

    [Theory, MemberData(nameof(CommandLines))]
    public void It_prints_what_the_tool_prints(string line)
    {
        _workshop.Index();
        var (expected, actual) = (Run(_workshop.Tool(), line.Split(' ')), Run(_program, line.Split(' ')));
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Its_demo_goes_the_whole_way_to_the_same_hits()
    {
        var (expected, actual) = (Run(_workshop.Tool(), "demo", "--to", "first"), Run(_program, "demo", "--to", "second"));
        Assert.Equal(expected.Out.Replace("first", "second"), actual.Succeeds());
    }

    /// <summary>The runtime would take wider vectors than the native file has, and their sums differ in the last bits.</summary>
    Shell Run(string program, params string[] args) =>
        Shell.Run(_workshop.FullPath, new Dictionary<string, string?> { ["DOTNET_EnableAVX512"] = "0" }, program, args);
}
