using System.Text.Json;
using NativeRetrieval.Demo;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>Ensembles, stored vectors, relevance files and queries without answers, with two small models that differ.</summary>
public sealed class EvaluateTests : IAsyncLifetime
{
    readonly TemporaryFolder _folder = new();
    readonly DemoCollection _demo;

    public EvaluateTests() => _demo = DemoCollection.Create(_folder["demo"], seed: 4, clips: 14, testClips: 4);

    public async ValueTask InitializeAsync()
    {
        await Train("a", "model.embedding_dimension=64", "seed=1");
        await Train("b", "model.embedding_dimension=48", "seed=2", "audio.max_seconds=3");
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_ensemble_of_models_of_other_sizes_is_fused_as_asked()
    {
        var weighted = await Evaluate("--fusion", "weighted", "--weights", "0.75,0.25");
        Assert.Equal("weighted", weighted.GetProperty("fusion").GetString());
        Assert.Equal([0.75, 0.25], weighted.GetProperty("weights").EnumerateArray().Select(weight => weight.GetDouble()));
        Assert.Equal("rank", (await Evaluate("--fusion", "rank")).GetProperty("fusion").GetString());

        var fitted = await Evaluate("--fusion", "weighted", "--fit-weights", _demo.TrainCsv, "--hard", "3");
        Assert.Equal(1, fitted.GetProperty("weights").EnumerateArray().Sum(weight => weight.GetDouble()), 1e-6);
        Assert.True(fitted.GetProperty("fit").GetProperty("map10").GetDouble() >= fitted.GetProperty("fit")
            .GetProperty("map10_equal_weights").GetDouble());
        int[] ranks = [.. fitted.GetProperty("hard").EnumerateArray().Select(query => query.GetProperty("rank").GetInt32())];
        Assert.Equal(3, ranks.Length);
        Assert.Equal(ranks.OrderDescending(), ranks);

        var text = await Run(["--hard", "2"]);
        Assert.Contains("mAP@16", text.Out);
        Assert.Contains("right answer", text.Out);
    }

    [Fact]
    public async Task Text_encoders_in_8_bits_are_compared_with_float32_and_not_with_stored_vectors()
    {
        var rounded = await Evaluate("--text-precision", "int8", "--against", _folder["a"], "--against", _folder["b"], "--device", "cpu");
        var exact = await Evaluate("--device", "cpu");
        Assert.Equal(Map10(rounded) - Map10(exact), Map10(rounded.GetProperty("less_against")), 1e-6);
        await Run(["--scores", _folder["exact.csv"], "--device", "cpu"]);
        await Run(["--scores", _folder["rounded.csv"], "--device", "cpu", "--text-precision", "int8"]);
        Assert.NotEqual(File.ReadAllText(_folder["exact.csv"]), File.ReadAllText(_folder["rounded.csv"]));
        var stored = await Run(["--text-precision", "int8", "--save-vectors", _folder["kept"]]);
        Assert.Equal((2, true), (stored.ExitCode, stored.Error.Contains("saved vectors are those of float32")));
        Assert.False(Directory.Exists(_folder["kept"]));

        static double Map10(JsonElement report) => report.GetProperty("text_to_audio").GetProperty("map10").GetDouble();
    }

    [Fact]
    public async Task A_query_bank_is_compared_with_the_same_models_without_it_and_is_kept_with_stored_vectors()
    {
        string bank = _folder["bank.txt"];
        File.WriteAllLines(bank, Enumerable.Range(1, 20).Select(tone => $"a tone number {tone} rises"));
        var banked = await Evaluate("--query-bank", bank, "--against", _folder["a"], "--against", _folder["b"]);
        var plain = await Evaluate();
        Assert.Equal(bank, banked.GetProperty("query_bank").GetString());
        double gain = banked.GetProperty("less_against").GetProperty("text_to_audio").GetProperty("map10").GetDouble();
        Assert.Equal(Map10(banked) - Map10(plain), gain, 1e-6);
        await Evaluate("--query-bank", bank, "--save-vectors", _folder["vectors"]);
        Assert.Equal(Map10(banked), Map10(await Evaluate("--query-bank", bank, "--vectors", _folder["vectors"])));
        var few = await Run(["--query-bank", Written("few.txt", "rain")]);
        Assert.Equal((2, true), (few.ExitCode, few.Error.Contains("few.txt: 1 different sentence cannot tell")));
        var other = await Run(["--query-bank", Written("other.txt", [.. Enumerable.Range(1, 20).Select(i => $"other {i}")]), "--vectors",
            _folder["vectors"]]);
        Assert.NotEqual(0, other.ExitCode);
        Assert.Contains("there is no vector of the text \"other 1\"", other.Error);

        static double Map10(JsonElement report) => report.GetProperty("text_to_audio").GetProperty("map10").GetDouble();

        string Written(string name, params string[] lines)
        {
            File.WriteAllLines(_folder[name], lines);
            return _folder[name];
        }
    }

    [Fact]
    public async Task Stored_vectors_give_the_same_figures_without_the_sounds()
    {
        var first = await Evaluate("--save-vectors", _folder["vectors"]);
        Assert.Equal(2, Directory.GetFiles(_folder["vectors"]).Length);
        var with = await Evaluate("--vectors", _folder["vectors"]);
        Directory.Delete(_demo.AudioFolder, recursive: true);
        var run = await CommandLine.Run("evaluate", _demo.TestCsv, "--model", _folder["a"], "--model", _folder["b"], "--vectors",
            _folder["vectors"], "--json");
        Assert.True(run.ExitCode == ExitCode.Ok, run.Error);
        Assert.Equal(first.ToString(), with.ToString());
        Assert.Equal(first.ToString(), JsonDocument.Parse(run.Out).RootElement.ToString());
        var sameText = await CommandLine.Run("evaluate", _demo.TestCsv, "--model", _folder["a"], "--vectors", _folder["vectors"],
            "--relevance", "same-text");
        Assert.True(sameText.ExitCode == ExitCode.Ok, sameText.Error);

        var none = await CommandLine.Run("evaluate", _demo.TrainCsv, "--model", _folder["a"], "--vectors", _folder["vectors"]);
        Assert.Equal(ExitCode.Usage, none.ExitCode);
        Assert.Contains("--save-vectors", none.Error);
    }

    [Fact]
    public async Task Changed_sounds_are_noticed()
    {
        await Evaluate("--save-vectors", _folder["vectors"]);
        string[] sounds = [.. Directory.GetFiles(_demo.AudioFolder).Order(StringComparer.Ordinal)];
        File.Copy(sounds[0], sounds[^1], overwrite: true);
        File.SetLastWriteTimeUtc(sounds[^1], new DateTime(2031, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var run = await Run(["--vectors", _folder["vectors"]]);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("the sounds have changed", run.Error);
    }

    [Fact]
    public async Task A_relevance_file_says_what_answers_each_query()
    {
        string[] names = [.. File.ReadLines(_demo.TestCsv).Skip(1).Select(line => line.Split(',')[0])];
        File.WriteAllText(_folder["relevance.csv"],
            $"query,audio_filenames\n\"rain, or wind\",\"['{names[0]}', '{names[1]}']\"\nbells,['{names[2]}']\n");
        var result = await Evaluate("--relevance", _folder["relevance.csv"]);
        Assert.Equal(2, result.GetProperty("text_to_audio").GetProperty("queries").GetInt32());
        Assert.Equal(3, result.GetProperty("audio_to_text").GetProperty("queries").GetInt32());
        Assert.Equal(4, result.GetProperty("clips").GetInt32());
    }

    [Fact]
    public async Task Queries_without_answers_are_ranked_over_all_sounds_of_the_folder()
    {
        File.WriteAllText(_folder["queries.csv"], "caption\n\"a bell, then \"\"rain\"\"\"\nein Gewitter über dem See\na dog\na dog\n");
        var run = await CommandLine.Run("evaluate", _folder["queries.csv"], "--audio", _demo.AudioFolder, "--model", _folder["a"],
            "--cache", _folder["cache"],
            "--submission", _folder["out.csv"], "--scores", _folder["scores.csv"], "--json");
        Assert.True(run.ExitCode == ExitCode.Ok, run.Error);
        Assert.Equal((4, 14), (JsonDocument.Parse(run.Out).RootElement.GetProperty("queries").GetInt32(), JsonDocument.Parse(run.Out)
            .RootElement.GetProperty("clips").GetInt32()));
        string[] rows = File.ReadAllLines(_folder["out.csv"]), scores = File.ReadAllLines(_folder["scores.csv"]);
        Assert.Equal(5, rows.Length);
        Assert.StartsWith("\"a bell, then \"\"rain\"\"\",demo-", rows[1]);
        Assert.Equal(rows[3], rows[4]);
        Assert.Equal(4, scores.Length); // the two dogs are one query
        Assert.Equal(15, scores[0].Split(',').Length);
        Assert.StartsWith("ein Gewitter über dem See,", scores[2]);

        var idle = await CommandLine.Run("evaluate", _folder["queries.csv"], "--audio", _demo.AudioFolder, "--model", _folder["a"]);
        Assert.Equal(ExitCode.Usage, idle.ExitCode);
        Assert.Contains("--submission or --scores", idle.Error);
    }

    [Fact]
    public async Task An_empty_fitting_set_is_refused()
    {
        File.WriteAllText(_folder["empty.csv"], "file_name,caption_1\n");
        var run = await Run(["--fusion", "weighted", "--fit-weights", _folder["empty.csv"]]);
        Assert.Equal(ExitCode.Corrupt, run.ExitCode);
        Assert.Contains("no clip", run.Error);
    }

    Task<CommandLine> Run(string[] options) =>
        CommandLine.Run(["evaluate", _demo.TestCsv, "--audio", _demo.AudioFolder, "--model", _folder["a"], "--model", _folder["b"],
        "--cache", _folder["cache"], .. options]);

    async Task<JsonElement> Evaluate(params string[] options)
    {
        var run = await Run([.. options, "--json"]);
        Assert.True(run.ExitCode == ExitCode.Ok, run.Error);
        return JsonDocument.Parse(run.Out).RootElement;
    }

    async Task Train(string name, params string[] settings)
    {
        var run = await CommandLine.Run(["train", _demo.TrainCsv, "--audio", _demo.AudioFolder, "--to", _folder[name], "--preset", "tiny",
            "--cache", _folder["cache"],
            .. ((string[])["training.epochs=1", "training.batch_size=5", "audio.max_seconds=2", .. settings])
                .SelectMany(setting => (string[])["--set", setting])]);
        Assert.True(run.ExitCode == ExitCode.Ok, run.Error);
    }
}
