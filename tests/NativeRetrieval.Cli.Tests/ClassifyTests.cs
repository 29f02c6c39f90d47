using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

public sealed class ClassifyTests : IDisposable
{
    static readonly string[] _labels = ["dog", "rain", "dog barking"];

    readonly TemporaryFolder _folder = new();
    readonly string _model, _sound;

    public ClassifyTests()
    {
        _model = TinyModel.Write(_folder["model"]);
        File.WriteAllLines(_folder["labels.txt"], [.. _labels, ""]);
        _sound = _folder["a.wav"];
        WavFile.Write(_sound, seconds: 3, pitchHz: 440);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Shares_are_the_soft_max_of_the_scaled_cosines_of_windows_and_sentences()
    {
        var run = await CommandLine.Run("classify", _sound, "--labels", _folder["labels.txt"], "--model", _model, "--device", "cpu",
            "--template", "a {} is barking", "--threshold", "0", "--json");
        Assert.Equal(0, run.ExitCode);

        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared);
        float[] sentences = engine.EmbedTexts([.. _labels.Select(label => $"a {label} is barking")]);
        var windows = engine.EmbedFile(_sound, 2, 2, TestContext.Current.CancellationToken);
        double[] lengths = [.. windows.Select(window => window.EndSeconds - window.StartSeconds)];
        double[] logits = [.. _labels.Select((_, label) => windows.Select((window, w) => lengths[w] / lengths.Sum()
            * Enumerable.Range(0, 8).Sum(i => (double)window.Vector.Span[i] * sentences[label * 8 + i])).Sum() / 0.07)];
        double sum = logits.Sum(Math.Exp);
        using var json = JsonDocument.Parse(run.Out);
        var shares = json.RootElement.GetProperty("sounds")[0].GetProperty("labels").EnumerateArray()
            .ToDictionary(item => item.GetProperty("label").GetString()!, item => item.GetProperty("share").GetDouble());
        Assert.Equal(3, shares.Count);
        Assert.Equal(1, shares.Values.Sum(), 5);
        for (int label = 0; label < 3; label++) Assert.Equal(Math.Exp(logits[label]) / sum, shares[_labels[label]], 5);
    }

    [Fact]
    public async Task Below_the_threshold_nothing_is_said()
    {
        var run = await CommandLine.Run("classify", _sound, "--labels", _folder["labels.txt"], "--model", _model, "--device", "cpu",
            "--threshold", "100");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("none of the labels", run.Out);
        Assert.DoesNotContain("dog", run.Out.Replace(_sound, ""));
    }

    [Fact]
    public async Task Windows_are_named_one_by_one_with_their_times()
    {
        var run = await CommandLine.Run("classify", _sound, "--labels", _folder["labels.txt"], "--model", _model, "--device", "cpu",
            "--windows", "--threshold", "34");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"0:00\.0 +0:02\.0 ", run.Out);
        Assert.Matches(@"0:0[12]\.0 +0:03\.0 ", run.Out);
    }

    [Theory]
    [InlineData("at least two", "dog")]
    [InlineData("comes 2 times", "dog", "rain", "dog")]
    public void Labels_that_cannot_be_compared_are_refused(string message, params string[] labels)
    {
        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared);
        Assert.Contains(message, Assert.Throws<OptionException>(() => new ZeroShotClassifier(engine, labels)).Message);
    }

    [Fact]
    public async Task A_template_without_a_place_and_a_share_beyond_100_are_refused()
    {
        string[] common = ["classify", _sound, "--labels", _folder["labels.txt"], "--model", _model, "--device", "cpu"];
        var run = await CommandLine.Run([.. common, "--template", "a sound"]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("has no {}", run.Error);
        run = await CommandLine.Run([.. common, "--threshold", "120"]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("0 to 100 percent", run.Error);
    }
}
