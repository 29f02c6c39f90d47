using System.Text.Json;
using NativeRetrieval.Demo;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>The commands' words about padding, starting weights and the figures of several right answers.</summary>
public sealed class FaithfulTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(PaddingRule.OwnLength, null)]
    [InlineData(PaddingRule.Paper, "an index has no batches: each window is heard in its own length, so that its vector is its own")]
    [InlineData(PaddingRule.Window,
        "with silence behind clips of under 2 s (audio.padding=window); shorter windows are heard with the same")]
    public async Task An_index_says_how_a_model_that_was_trained_with_silence_hears_a_window(PaddingRule padding, string? note)
    {
        Directory.CreateDirectory(_folder["sounds"]);
        WavFile.Write(_folder["sounds/a.wav"], 1, 300);
        string model = TinyModel.Write(_folder["model"], config => config with { Padding = padding });
        var run = await CommandLine.Run("index", _folder["sounds"], "--model", model, "--to", _folder["sounds.nrx"]);
        Assert.Equal(0, run.ExitCode);
        if (note is null) Assert.DoesNotContain("silence", run.Error);
        else Assert.Contains(note, run.Error.Split('\n').First(line => line.Contains("silence")));
    }

    /// <summary>The warning comes before anything is read that could fail: an absent sound ends the command at once.</summary>
    [Theory]
    [InlineData("", "the audio encoder (cnn14) and the text encoder (BERT-base) will start from random weights",
        "models fetch panns-cnn14; nativeretrieval models fetch bert-base-uncased; then train … --audio-model panns-cnn14 --text-model "
            + "bert-base-uncased")]
    [InlineData("--set model.audio_encoder=resnet38 --set text.layers=2", "the audio encoder (resnet38) will start",
        "fetch panns-resnet38; then")]
    [InlineData("--set model.audio_encoder=cnn6 --set model.audio_channels=[4,4,8,8]", "the text encoder (BERT-base) will start",
        "fetch bert-base-uncased; then")]
    [InlineData("--preset tiny", null, null)]
    public async Task A_run_of_the_reports_size_without_published_weights_says_what_to_fetch(string options, string? warning,
        string? command)
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 2, clips: 5, testClips: 1);
        // A folder that holds other files is refused after the warning and before the model is made.
        Directory.CreateDirectory(_folder["taken"]);
        File.WriteAllText(_folder["taken/notes.txt"], "");
        var run = await CommandLine.Run(["train", demo.TrainCsv, "--audio", demo.AudioFolder, "--to", _folder["taken"], "--cache",
            _folder["cache"], .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Contains("is not empty", run.Error);
        string? line = run.Error.Split('\n').FirstOrDefault(text => text.Contains("random weights"));
        Assert.Equal(warning is null, line is null);
        if (warning is null) return;
        Assert.Contains(warning, line);
        Assert.Contains(command!, line);
    }

    [Fact]
    public async Task An_evaluation_names_the_figures_over_all_right_answers_and_the_groups()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 2, clips: 9, testClips: 4);
        string model = TinyModel.Write(_folder["model"]), csv = _folder["grouped.csv"];
        string[] lines = File.ReadAllLines(demo.TestCsv);
        File.WriteAllLines(csv, lines.Select((line, i) => i == 0 ? $"kind,{line}" : $"{(i < 3 ? "bells" : "rain")},{line}"));
        string[] evaluate = ["evaluate", csv, "--audio", demo.AudioFolder, "--model", model, "--cache", _folder["cache"], "--group",
            "kind"];

        string table = (await CommandLine.Run(evaluate)).Out;
        Assert.Contains("95 % of 2 by kind", table);
        Assert.Matches("over all right answers +found@1 +found@5 +found@10 +mAP@10 of all +mAP@16 of all\naudio to text +0", table);
        using var document = JsonDocument.Parse((await CommandLine.Run([.. evaluate, "--json"])).Out);
        var (root, text) = (document.RootElement, document.RootElement.GetProperty("audio_to_text"));
        Assert.Equal("group_bootstrap", root.GetProperty("intervals").GetProperty("method").GetString());
        Assert.Equal(2, root.GetProperty("intervals").GetProperty("groups").GetInt32());
        Assert.True(text.GetProperty("recall1").GetDouble() <= text.GetProperty("r1").GetDouble() / 5 + 1e-12);
        Assert.Equal(2, text.GetProperty("map10_all_ci95").GetArrayLength());

        string compared = (await CommandLine.Run([.. evaluate, "--against", model])).Out;
        Assert.Matches(@"less --against +R@1 .+\ntext to audio +0\.000 .+ 0\.000 \.\. 0\.000", compared);
        using var both = JsonDocument.Parse((await CommandLine.Run([.. evaluate, "--against", model, "--json"])).Out);
        var less = both.RootElement.GetProperty("less_against");
        Assert.Equal(0, less.GetProperty("audio_to_text").GetProperty("map10").GetDouble());
        Assert.Equal(Path.GetFullPath(model), less.GetProperty("models")[0].GetString());

        var refused = await CommandLine.Run([.. evaluate[..^1], "colour"]);
        Assert.Contains("no column 'colour', which --group names; the columns are kind, file_name", refused.Error);
    }

    public void Dispose() => _folder.Dispose();
}
