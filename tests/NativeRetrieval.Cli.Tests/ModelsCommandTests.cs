using System.Text.Json;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Encoders;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public sealed class ModelsCommandTests : IDisposable
{
    const string MiniLm = "weights/all-MiniLM-L6-v2";

    readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task The_list_says_licence_checksum_and_what_is_here()
    {
        var run = await CommandLine.Run("models", "list", "--cache", _folder.FullPath);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        string Line(string name) => Assert.Single(run.Out.Split('\n'), line => line.StartsWith(name + " ", StringComparison.Ordinal));
        Assert.Contains("CC-BY-4.0", Line("panns-cnn14"));
        Assert.Contains("312.3 MiB", Line("panns-cnn14"));
        Assert.Contains("none, unverified", Line("panns-cnn14-8k"));
        Assert.Contains("MD5, unverified", Line("panns-cnn10"));
        Assert.Contains("586.1 MiB+", Line("clap"));
        Assert.Contains("non-commercial research only", Line("wavcaps-cnn14-bert"));
        Assert.Contains("broken conversion", Line("larger-clap-music"));
        Assert.Contains("Apache-2.0", Line("bert-base-uncased"));
    }

    [Fact]
    public async Task On_a_screen_the_list_breaks_its_lines_where_the_screen_ends()
    {
        var output = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal(output, TextWriter.Null, TimeProvider.System, isInteractive: true, width: 80) { Variable = _ => null };
        Assert.Equal(0, await CommandLine.Run(terminal, "models", "list", "--cache", _folder.FullPath));
        string[] lines = output.ToString().TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 80));
        int music = Array.FindIndex(lines, line => line.StartsWith("larger-clap-music ", StringComparison.Ordinal));
        Assert.DoesNotContain("bytes", lines[music]);
        Assert.StartsWith("    retrieval model: not fetched: its published weights are a broken conversion", lines[music + 1]);
        Assert.StartsWith("    ", lines[music + 2]);
    }

    [Fact]
    public async Task A_model_from_a_copy_is_checked_converted_and_verified()
    {
        if (Fixtures.Shared(MiniLm) is not { } copy)
        {
            Assert.Skip(Fixtures.WhyAbsent(MiniLm));
            return;
        }
        string[] cache = ["--cache", _folder["cache"]];
        var run = await CommandLine.Run(["models", "fetch", "all-minilm-l6-v2", "--from", copy, .. cache]);
        Assert.Equal(0, run.ExitCode);
        string folder = run.Out.TrimEnd('\n');
        Assert.Equal(TextPooling.Mean, BertFolder.ReadConfig(folder).Pooling);
        Assert.Contains($"--text-model {folder}", run.Error);
        Assert.Contains("licence Apache-2.0", run.Error);

        var again = await CommandLine.Run(["models", "fetch", "all-minilm-l6-v2", "--from", copy, "--json", .. cache]);
        Assert.All(JsonDocument.Parse(again.Out).RootElement.GetProperty("files").EnumerateArray(), file =>
            Assert.True(file.GetProperty("was_there").GetBoolean()));
        Assert.Contains("ready", (await CommandLine.Run(["models", "list", .. cache])).Out);
        Assert.Equal("2 folders: intact\n", (await CommandLine.Run(["models", "verify", .. cache])).Out);

        File.AppendAllText(Path.Combine(folder, "vocab.txt"), "x");
        var damaged = await CommandLine.Run(["models", "verify", "all-minilm-l6-v2", .. cache]);
        Assert.Equal(5, damaged.ExitCode);
        Assert.Contains("vocab.txt: SHA-256 expected", damaged.Out);
        Assert.Equal(5, (await CommandLine.Run("models", "verify", folder)).ExitCode);
    }

    [Fact]
    public async Task A_wrong_file_is_refused_and_not_kept()
    {
        File.WriteAllText(_folder["Cnn14_mAP=0.431.pth"], "not the file");
        var run = await CommandLine.Run("models", "fetch", "panns-cnn14", "--from", _folder["Cnn14_mAP=0.431.pth"], "--cache",
            _folder["cache"], "--quiet");
        Assert.Equal((5, ""), (run.ExitCode, run.Out));
        Assert.Contains("bytes expected 327428481, got 12", run.Error);
        Assert.DoesNotContain(Directory.GetFiles(_folder["cache"], "*", SearchOption.AllDirectories), path =>
            path.EndsWith(".pth", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, "known are clap, clap-larger, laion-", "fetch", "nothing")]
    [InlineData(2, "no web address", "fetch", "panns-cnn14", "--mirror", "here")]
    [InlineData(2, "--accept-unverified", "fetch", "panns-cnn10")]
    [InlineData(2, "--accept-licence", "fetch", "wavcaps-cnn14-bert")]
    [InlineData(2, "has no address", "fetch", "wavcaps-cnn14-bert", "--accept-licence", "--accept-unverified")]
    [InlineData(2, "no better than chance", "fetch", "laion/larger_clap_music")]
    [InlineData(2, "was not fetched yet", "verify", "panns-cnn14")]
    [InlineData(2, "neither a folder nor a model", "verify", "nothing")]
    public async Task What_cannot_be_done_is_one_message_and_its_code(int code, string message, params string[] args)
    {
        var run = await CommandLine.Run(["models", .. args, "--cache", _folder["cache"]]);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    public void Dispose() => _folder.Dispose();
}
