using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.Cli.Tests;

/// <summary>
/// The first day with checkpoints of the published layouts, narrow ones with formula weights: fetched from a server or a file, and then
/// everything that a model is used for, without naming it.
/// </summary>
public sealed class ClapFirstDayTests : IDisposable
{
    const string Clap = "fixtures/clap", Query = "rain on a tin roof";

    static readonly string[] _bpe = ["vocab.json", "merges.txt", "tokenizer.json"];

    /// <summary>Parts of the names of tensors that files have beside the model's.</summary>
    static readonly string[] _beside = ["spectrogram_extractor", "logmel_extractor", "audio_feats_extractor", "attn_mask", "tscam_conv",
        ".head.", "_transform."];

    readonly TemporaryFolder _folder = new();
    readonly Dictionary<string, byte[]> _served = [];
    readonly ScriptedServer _server;
    readonly JsonArray _models = [];
    readonly bool _hasFixtures = Fixtures.Shared(Clap) is not null;

    public ClapFirstDayTests()
    {
        _server = new(request => ScriptedServer.Response.Of(request, _served[request.Path[1..]]));
        Directory.CreateDirectory(_folder["sounds"]);
        // Longer than the model's window of 5 s, as long, and shorter.
        foreach (var (pitch, seconds) in new[] { (200, 12.0), (400, 5), (800, 1), (1600, 0.3) })
            WavFile.Write(_folder[$"sounds/{pitch}.wav"], seconds, pitch);
        File.WriteAllText(_folder["captions.csv"], """
            file_name,caption
            200.wav,rain falls on a tin roof
            400.wav,a dog is barking
            800.wav,glass breaks
            1600.wav,a bird sings

            """);
    }

    string Index => _folder["sounds.nrx"];

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("model.safetensors")]
    public async Task Hugging_Face_s_files_are_fetched_and_every_command_needs_no_model(string weights)
    {
        if (!Require()) return;
        string model = await FetchClap(weights);
        var config = ModelFolder.ReadConfig(model);
        string card = File.ReadAllText(Path.Combine(model, "README.md"));
        Assert.Contains("windows of 5 s", card);
        Assert.Contains("shorter ones are repeated up to that", card);

        var indexed = await Json("index", _folder["sounds"], "--to", Index, "--json");
        Assert.Equal(4, indexed.GetProperty("embedded").GetInt32());
        // Windows of 5 s, one every 2.5 s and the last flush with the end.
        var stats = await Json("index", "stats", Index, "--json");
        Assert.Equal((5, 2.5, 4 + 3), (stats.GetProperty("window_seconds").GetDouble(), stats.GetProperty("hop_seconds").GetDouble(),
            stats.GetProperty("windows").GetInt32()));
        var hits = (await Json("search", Query, "--index", Index, "--json")).GetProperty("hits");
        Assert.Equal(4, hits.GetArrayLength());
        Assert.All(hits.EnumerateArray(), hit => Assert.InRange(hit.GetProperty("score").GetDouble(), -1, 1));
        var similar = (await Json("similar", _folder["sounds/800.wav"], "--index", Index, "--json")).GetProperty("hits")[0];
        Assert.Equal((_folder["sounds/800.wav"], 1), (similar.GetProperty("path").GetString(),
            Math.Round(similar.GetProperty("score").GetDouble(), 5)));

        await SharesHaveTheModelsScale(config);
        Assert.Equal(0, (await Run("embed", _folder["sounds"], "--to", _folder["vectors.safetensors"])).ExitCode);
        using (var vectors = SafetensorsFile.Open(_folder["vectors.safetensors"]))
            Assert.Equal([7L, 20], vectors.Entry("vectors").Shape);
        var measured = await Json("evaluate", _folder["captions.csv"], "--audio", _folder["sounds"], "--cache", _folder["features"],
            "--json");
        Assert.Equal(4, measured.GetProperty("text_to_audio").GetProperty("queries").GetInt32());
    }

    [Fact]
    public async Task It_is_trained_further_and_resumed_and_searches_again()
    {
        if (!Require()) return;
        string model = await FetchClap("model.safetensors");
        string[] train = ["train", _folder["captions.csv"], "--audio", _folder["sounds"], "--cache", _folder["features"], "--init-from",
            "clap", "--set", "training.batch_size=4",
            "--set", "training.lr=0.003", "--set", "training.epochs=3", "--set", "augmentation.time_stripes=0",
            "--set", "augmentation.mel_stripes=0", "--to", _folder["run"]];
        var trained = await Run(train);
        Assert.True(trained.ExitCode == 0, trained.Error);
        var more = await Run([.. train, "--set", "training.epochs=4", "--resume"]);
        Assert.True(more.ExitCode == 0, more.Error);
        double[] losses = [.. File.ReadLines(_folder["run/metrics.jsonl"]).Select(line => JsonNode.Parse(line)!["loss"])
            .OfType<JsonNode>().Select(loss => loss.GetValue<double>())];
        Assert.Equal(4, losses.Length);
        Assert.True(losses.All(double.IsFinite) && losses[^1] < losses[0], string.Join(", ", losses));

        var (was, now) = (ModelFolder.ReadConfig(model), ModelFolder.ReadConfig(_folder["run"]));
        Assert.Equal(was.LogitScale, now.LogitScale);
        Assert.Equal((was.MaxSeconds, was.ShortClips, was.LogMel), (now.MaxSeconds, now.ShortClips, now.LogMel));
        // Temperature, dropout and token limit go on from the weights'.
        string settings = File.ReadAllText(_folder["run/settings.yaml"]);
        Assert.Contains(FormattableString.Invariant($"temperature: {was.LogitScale!.Temperature}"), settings);
        Assert.Contains("audio_dropout: 0\n", settings);
        Assert.Equal((was.AudioEncoder, was.TextEncoder.Dropout, was.MaxTokens),
            (now.AudioEncoder, now.TextEncoder.Dropout, now.MaxTokens));
        // Sounds of 1 s are repeated: none is too short.
        Assert.DoesNotContain("shorter", trained.Error);
        Assert.Contains("windows of 5 s", File.ReadAllText(_folder["run/README.md"]));
        Assert.Equal(0, (await Run("index", _folder["sounds"], "--to", Index, "--model", _folder["run"])).ExitCode);
        Assert.Equal(4, (await Json("search", Query, "--index", Index, "--json")).GetProperty("hits").GetArrayLength());
        // A run has Hugging Face's names, too.
        Assert.Equal(0, (await Run("convert", _folder["run"], "--to", _folder["run.safetensors"], "--map", "clap")).ExitCode);
        using SafetensorsFile published = SafetensorsFile.Open(Source("clap-tiny/model.safetensors")),
            exported = SafetensorsFile.Open(_folder["run.safetensors"]);
        Assert.Superset(exported.Names.ToHashSet(), published.Names.ToHashSet());
    }

    [Fact]
    public async Task A_model_that_is_known_and_not_here_is_named_with_the_way_to_get_it()
    {
        foreach (string[] command in (string[][])[["index", _folder["sounds"], "--to", Index, "--model", "clap-htsat-unfused"],
            ["train", _folder["captions.csv"], "--audio", _folder["sounds"], "--to", _folder["run"], "--init-from", "clap"]])
        {
            var run = await CommandLine.Run(command);
            Assert.Equal(ExitCode.Usage, run.ExitCode);
            Assert.Contains("the model clap is not installed: 'nativeretrieval models fetch clap' installs it", run.Error);
        }
    }

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("model.safetensors")]
    public async Task The_way_back_has_every_byte_of_the_published_file(string weights)
    {
        if (!Require()) return;
        string model = await FetchClap(weights);
        string back = Path.Combine(Directory.CreateDirectory(_folder["back"]).FullName, "model.safetensors");
        var run = await Run("convert", model, "--to", back);
        Assert.True(run.ExitCode == 0, run.Error);
        using CheckpointFile published = CheckpointFile.Open(Source("clap-tiny/" + weights)), ours = CheckpointFile.Open(back);
        var found = ours.Tensors.ToDictionary(tensor => tensor.Name);
        Assert.Equal(published.Tensors.Select(tensor => tensor.Name).Order(), found.Keys.Order());
        Assert.Equal(233, found.Count);
        foreach (var tensor in published.Tensors) AssertSame(published, tensor, ours, found[tensor.Name]);
    }

    /// <summary>
    /// Checkpoints under their own names, each with what its real file has beside the weights: found, searched with, trained a step and
    /// written back, every tensor that is the model's with its name, type, shape and bytes.
    /// </summary>
    [Theory]
    [InlineData("laion", "state_dict.module.", "laion-clap")]
    [InlineData("wavcaps-cnn14-bert", "model.", "wavcaps-cnn14-bert")]
    [InlineData("wavcaps-htsat-bert", "model.", "wavcaps-htsat-bert")]
    public async Task Checkpoints_of_LAION_and_WavCaps_go_the_whole_way_and_back(string name, string root, string map)
    {
        if (!Require()) return;
        string checkpoint = name switch
        {
            "laion" => Source("laion-keys.pt"),
            "wavcaps-cnn14-bert" => Source("wavcaps-cnn14-bert.pt"),
            _ => WavCapsHtsAtBert.Write(_folder["HTSAT-BERT.safetensors"], Source("laion-keys.pt"), Source("wavcaps-cnn14-bert.pt")),
        };
        string file = Path.GetFileName(checkpoint);
        if (name == "laion")
        {
            foreach (string part in _bpe) _served[part] = File.ReadAllBytes(Source("bpe/" + part));
            _served[file] = File.ReadAllBytes(checkpoint);
            Serve(name, new() { ["heads"] = 3 }, [file, .. _bpe]);
            Assert.Equal(0, await Searched(["models", "fetch", name], name));
            Assert.Equal(1e-5, ModelFolder.ReadConfig(Installed(name)).TextEncoder.LayerNormEpsilon);
        }
        else
        {
            _served["vocab.txt"] = File.ReadAllBytes(Fixtures.Small("tokenizer/vocab.txt"));
            Serve(name, new() { ["needs_consent"] = true, ["unverified"] = true, ["heads"] = 3 }, file, "vocab.txt");
            string[] fetch = ["models", "fetch", name, "--from", checkpoint];
            Assert.Contains("--accept-licence", (await Run(fetch)).Error);
            Assert.Equal(0, await Searched([.. fetch, "--accept-licence", "--accept-unverified"], name));
        }
        Assert.Contains($"name map `{map}`", File.ReadAllText(Path.Combine(Installed(name), "README.md")));

        var trained = await Run("train", _folder["captions.csv"], "--audio", _folder["sounds"], "--cache", _folder["features"],
            "--init-from", name, "--set", "training.batch_size=4", "--set", "training.epochs=1", "--to", _folder["run"]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.True(double.IsFinite(Assert.Single(File.ReadLines(_folder["run/metrics.jsonl"])
            .Select(line => JsonNode.Parse(line)!["loss"]).OfType<JsonNode>()).GetValue<double>()));
        Assert.Equal(0, (await Run("index", _folder["sounds"], "--to", Index, "--model", _folder["run"])).ExitCode);
        Assert.Equal(4, (await Json("search", Query, "--index", Index, "--json")).GetProperty("hits").GetArrayLength());

        using CheckpointFile published = CheckpointFile.Open(checkpoint), ours = await Exported(Installed(name), "back.safetensors"),
            run = await Exported(_folder["run"], "run.safetensors", "--map", map);
        var model = published.Tensors.Where(tensor => tensor.Name.StartsWith(root, StringComparison.Ordinal)
            && !_beside.Any(word => tensor.Name.Contains(word, StringComparison.Ordinal)))
            .ToDictionary(tensor => tensor.Name[root.Length..]);
        Assert.Equal(model.Keys.Order(StringComparer.Ordinal), ours.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        // A run has the model's parameters; whole numbers that follow from sizes, or count batches, are the checkpoint's.
        Assert.Equal(model.Where(item => item.Value.DType == DType.Float32).Select(item => item.Key).Order(StringComparer.Ordinal),
            run.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (var tensor in ours.Tensors) AssertSame(published, model[tensor.Name], ours, tensor);
        Assert.Contains(run.Tensors, tensor => !Bytes(run, tensor).AsSpan().SequenceEqual(Bytes(published, model[tensor.Name])));
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    /// <summary>Shares are a soft-max of the cosines times the factor that the model learned for sounds.</summary>
    async Task SharesHaveTheModelsScale(RetrievalModelConfig config)
    {
        File.WriteAllText(_folder["labels.txt"], "rain\ndog\nglass\n");
        var labels = (await Json("classify", _folder["sounds/800.wav"], "--labels", _folder["labels.txt"], "--threshold", "0", "--json"))
            .GetProperty("sounds")[0].GetProperty("labels").EnumerateArray()
            .Select(label => (Share: label.GetProperty("share").GetDouble(), Cosine: label.GetProperty("cosine").GetDouble())).ToArray();
        Assert.Equal(3, labels.Length);
        double[] powers = [.. labels.Select(label => Math.Exp(config.LogitScale!.AudioToText * label.Cosine))];
        for (int i = 0; i < 3; i++) Assert.Equal(powers[i] / powers.Sum(), labels[i].Share, 4);
    }

    async Task<int> Searched(string[] fetch, string name)
    {
        var fetched = await Run(fetch);
        Assert.True(fetched.ExitCode == 0, fetched.Error);
        string index = _folder[name + ".nrx"];
        var indexed = await Run("index", _folder["sounds"], "--to", index, "--model", name);
        Assert.True(indexed.ExitCode == 0, indexed.Error);
        var found = await Json("search", Query, "--index", index, "--json");
        Assert.Equal(4, found.GetProperty("hits").GetArrayLength());
        return (await Run("similar", _folder["sounds/800.wav"], "--index", index)).ExitCode;
    }

    async Task<string> FetchClap(string weights)
    {
        foreach (string path in (string[])[$"clap-tiny/{weights}", "clap-tiny/config.json", .. _bpe.Select(name => "bpe/" + name)])
            _served[Path.GetFileName(path)] = File.ReadAllBytes(Source(path));
        // The published front end, for the narrow model's 32 bins and 5 s.
        var front = JsonNode.Parse(File.ReadAllText(Source("preprocessor_config.json")))!;
        (front["feature_size"], front["max_length_s"], front["chunk_length_s"]) = (32, 5, 5);
        _served["preprocessor_config.json"] = JsonSerializer.SerializeToUtf8Bytes(front);
        Serve("clap", new() { ["is_default"] = true }, [weights, "config.json", "preprocessor_config.json", .. _bpe]);
        var fetched = await Run("models", "fetch", "clap");
        Assert.True(fetched.ExitCode == 0, fetched.Error);
        Assert.Equal(Installed("clap") + "\n", fetched.Out);
        return Installed("clap");
    }

    /// <summary>Adds a model to the catalogue; files that are not served have no address.</summary>
    void Serve(string name, JsonObject model, params string[] files)
    {
        (model["name"], model["about"], model["kind"]) = (name, $"a narrow {name}", "retrieval model");
        (model["licence"], model["source"], model["checksums_from"]) = ("CC0-1.0", $"https://example.org/{name}", "this test");
        model["map"] = null;
        model["files"] = new JsonArray([.. files.Select(file => !_served.TryGetValue(file, out byte[]? content)
            ? new JsonObject { ["name"] = file, ["url"] = null }
            : new JsonObject
            {
                ["name"] = file,
                ["url"] = $"{_server.Address}{file}",
                ["size_bytes"] = content.Length,
                ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content)),
            })]);
        _models.Add(model);
        File.WriteAllText(_folder["catalogue.json"], new JsonObject { ["models"] = _models.DeepClone() }.ToJsonString());
    }

    string Installed(string name) => _folder[$"cache/nativeretrieval/models/{name}/model"];

    static string Source(string path) => Fixtures.Shared($"{Clap}/{path}")!;

    bool Require()
    {
        if (!_hasFixtures) Assert.Skip(Fixtures.WhyAbsent(Clap));
        return _hasFixtures;
    }

    async Task<CheckpointFile> Exported(string model, string file, params string[] options)
    {
        var run = await Run(["convert", model, "--to", _folder[file], .. options]);
        Assert.True(run.ExitCode == 0, run.Error);
        return CheckpointFile.Open(_folder[file]);
    }

    static void AssertSame(CheckpointFile expectedFile, CheckpointTensor expected, CheckpointFile actualFile, CheckpointTensor actual)
    {
        Assert.Equal((expected.DType, string.Join(",", expected.Shape)), (actual.DType, string.Join(",", actual.Shape)));
        Assert.True(Bytes(expectedFile, expected).AsSpan().SequenceEqual(Bytes(actualFile, actual)), actual.Name);
    }

    static byte[] Bytes(CheckpointFile file, CheckpointTensor tensor)
    {
        using var stream = new MemoryStream();
        file.CopyTo(tensor, stream);
        return stream.ToArray();
    }

    async Task<JsonElement> Json(params string[] args)
    {
        var run = await Run(args);
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonDocument.Parse(run.Out).RootElement;
    }

    async Task<CommandLine> Run(params string[] args)
    {
        StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        var terminal = new Terminal(output, error, TimeProvider.System)
        {
            Variable = name => name switch
            {
                "XDG_CACHE_HOME" => _folder["cache"],
                "NATIVERETRIEVAL_CATALOGUE" => _folder["catalogue.json"],
                _ => null,
            },
        };
        return new(await CommandLine.Run(terminal, args), output.ToString(), error.ToString());
    }
}
