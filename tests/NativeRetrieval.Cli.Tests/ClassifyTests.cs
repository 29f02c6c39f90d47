using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.TestModels;
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_text_encoder_in_8_bits_reads_the_labels(bool ofIndex)
    {
        string[] ask = ofIndex ? await OfIndexAsync()
            : ["classify", _sound, "--labels", _folder["labels.txt"], "--model", _model, "--device", "cpu", "--threshold", "0"];
        double[] exact = Shares(await CommandLine.Run([.. ask, "--json"])),
            rounded = Shares(await CommandLine.Run([.. ask, "--json", "--text-precision", "int8"]));
        Assert.NotEqual(exact, rounded);
        Assert.All(exact.Zip(rounded), pair => Assert.Equal(pair.First, pair.Second, 0.1));

        static double[] Shares(CommandLine run)
        {
            Assert.True(run.ExitCode == 0, run.Error);
            using var json = JsonDocument.Parse(run.Out);
            return [.. json.RootElement.GetProperty("sounds").EnumerateArray().SelectMany(sound => sound.GetProperty("labels")
                .EnumerateArray().OrderBy(label => label.GetProperty("label").GetString(), StringComparer.Ordinal)
                .Select(label => label.GetProperty("share").GetDouble()))];
        }
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

    /// <summary>An index of two sounds of which one is in the folder <c>rooms</c>.</summary>
    async Task<string[]> OfIndexAsync()
    {
        Directory.CreateDirectory(_folder["sounds/rooms"]);
        WavFile.Write(_folder["sounds/dog.wav"], 0.5, 300);
        WavFile.Write(_folder["sounds/rooms/rain.wav"], 3, 900);
        Assert.Equal(0, (await CommandLine.Run("index", _folder["sounds"], "--model", _model, "--to", _folder["i.nrx"], "--device",
            "cpu")).ExitCode);
        File.WriteAllLines(_folder["rooms.txt"], ["hall", "small room"]);
        return ["classify", "--index", _folder["i.nrx"], "--model", _model, "--device", "cpu", "--labels", _folder["labels.txt"],
            "--threshold", "0"];
    }

    [Fact]
    public async Task Recordings_of_an_index_are_classified_by_the_vectors_that_it_has()
    {
        string[] common = await OfIndexAsync();
        var run = await CommandLine.Run([.. common, "--in", "rooms", "--json"]);
        Assert.True(run.ExitCode == 0, run.Error);
        using var document = JsonDocument.Parse(run.Out);
        var sound = Assert.Single(document.RootElement.GetProperty("sounds").EnumerateArray());
        Assert.Equal(_folder["sounds/rooms/rain.wav"], sound.GetProperty("path").GetString());
        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared);
        using var index = Indexing.LocalAudioIndex.Open(_folder["i.nrx"], Indexing.IndexAccess.Read);
        var windows = (await index.GetAsync(_folder["sounds/rooms/rain.wav"], TestContext.Current.CancellationToken))!.Windows;
        var background = index.Background()!.Sentences;
        Assert.Equal(new ZeroShotClassifier(engine, _labels).Classify(windows).Select(share => (share.Label, Math.Round(share.Share, 6),
                Math.Round(Indexing.IndexBackground.PercentileOf(background, (float)share.Cosine), 3))),
            sound.GetProperty("labels").EnumerateArray().Select(label => (label.GetProperty("label").GetString()!,
                label.GetProperty("share").GetDouble(), label.GetProperty("percentile").GetDouble())));
        File.Delete(_folder["sounds/dog.wav"]);
        Assert.Contains("above", (await CommandLine.Run([.. common, "--name", "DOG*"])).Out.Split('\n')[0]);
    }

    [Fact]
    public async Task Labels_of_several_files_are_shared_out_in_each_and_a_sound_is_a_line()
    {
        string[] common = await OfIndexAsync();
        var run = await CommandLine.Run([.. common, "--labels", _folder["rooms.txt"], "--json-lines"]);
        Assert.True(run.ExitCode == 0, run.Error);
        string[] lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        foreach (string line in lines)
        {
            using var document = JsonDocument.Parse(line);
            var sets = document.RootElement.GetProperty("labels").EnumerateArray()
                .GroupBy(label => label.GetProperty("set").GetString()!, label => label.GetProperty("share").GetDouble()).ToList();
            Assert.Equal(["labels.txt", "rooms.txt"], sets.Select(set => set.Key));
            Assert.Equal([3, 2], sets.Select(set => set.Count()));
            Assert.All(sets, set => Assert.Equal(1, set.Sum(), 5));
        }
        Assert.Contains("rooms.txt", (await CommandLine.Run([.. common, "--labels", _folder["rooms.txt"]])).Out);
    }

    [Theory]
    [InlineData("name the sound files or folders to classify, or an index")]
    [InlineData("and not both", "a.wav", "--index", "i.nrx")]
    [InlineData("--in chooses among the recordings of an index", "a.wav", "--in", "rooms")]
    [InlineData("classify --index works on an index in a folder, not on postgres://h/x", "--index", "postgres://h/x")]
    [InlineData("choose one", "a.wav", "--json", "--json-lines")]
    public async Task Wrong_ways_to_ask_are_refused(string message, params string[] options)
    {
        var run = await CommandLine.Run(["classify", "--labels", _folder["labels.txt"], "--model", _model, .. options]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
    }
}
