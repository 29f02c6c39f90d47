using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.Cli.Tests;

/// <summary>The way of somebody who has installed the tool, and sounds, and nothing else.</summary>
public sealed class FirstDayTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Dictionary<string, byte[]> _files = [];
    readonly ScriptedServer _server;
    readonly Dictionary<string, string> _environment = [];
    readonly Queue<string?> _typed = [];
    bool _atKeyboard;

    public FirstDayTests()
    {
        _server = new(request => ScriptedServer.Response.Of(request, _files[request.Path[1..]]));
        string model = TinyModel.Write(_folder["trained"]);
        ModelExport.Run(model, _folder["weights.safetensors"], "retrieval-cnn14", TestContext.Current.CancellationToken);
        _files["model.safetensors"] = File.ReadAllBytes(_folder["weights.safetensors"]);
        _files["vocab.txt"] = File.ReadAllBytes(Path.Combine(model, "vocab.txt"));
        Directory.CreateDirectory(_folder["sounds"]);
        foreach (int pitch in new[] { 200, 400, 800 })
            WavFile.Write(_folder[$"sounds/{pitch}.wav"], seconds: 1, pitch);
        _environment["XDG_CACHE_HOME"] = _folder["cache"];
        _environment["NATIVERETRIEVAL_CATALOGUE"] = _folder["catalogue.json"];
        WriteCatalogue(new JsonObject { ["is_default"] = true });
    }

    string Index => _folder["sounds.nrx"];

    string Installed => _folder["cache/nativeretrieval/models/small/model"];

    [Fact]
    public async Task Three_commands_and_no_model_named()
    {
        var fetched = await Run("models", "fetch", "small");
        Assert.Equal((0, Installed + "\n"), (fetched.ExitCode, fetched.Out));
        Assert.Contains("small: a small model; ", fetched.Error);
        Assert.Contains("licence CC0-1.0, from https://example.org/small", fetched.Error);
        Assert.Contains("nativeretrieval index DIR --to sounds.nrx\n", fetched.Error);
        var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(Installed, "..", "record.json"))).RootElement;
        Assert.Equal("CC0-1.0", record.GetProperty("licence").GetString());
        Assert.Contains("Licence of the weights: CC0-1.0", File.ReadAllText(Path.Combine(Installed, "README.md")));

        var indexed = await Run("index", _folder["sounds"], "--to", Index);
        Assert.Equal(0, indexed.ExitCode);
        Assert.Contains($"model: small, licence CC0-1.0, {Installed}", indexed.Error);
        var found = await Run("search", "a dog is barking", "--index", Index, "--json");
        Assert.Equal(0, found.ExitCode);
        Assert.Equal(3, JsonDocument.Parse(found.Out).RootElement.GetProperty("hits").GetArrayLength());
        Assert.Equal(0, (await Run("similar", _folder["sounds/200.wav"], "--index", Index)).ExitCode);
    }

    [Theory]
    [InlineData("y")]
    [InlineData(" YES ")]
    public async Task On_a_keyboard_the_default_is_offered_once(string answer)
    {
        _atKeyboard = true;
        _typed.Enqueue(answer);
        var indexed = await Run("index", _folder["sounds"], "--to", Index);
        Assert.Equal(0, indexed.ExitCode);
        Assert.Contains("Fetch small: a small model; ", indexed.Error);
        Assert.Contains("licence CC0-1.0, from https://example.org/small? [y/N]", indexed.Error);
        Assert.True(Directory.Exists(Installed));
        Assert.Equal(0, (await Run("index", _folder["sounds"], "--to", Index)).ExitCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("what?")]
    [InlineData(null)]
    public async Task Anything_but_yes_fetches_nothing(string? answer)
    {
        _atKeyboard = true;
        _typed.Enqueue(answer);
        Assert.Equal(ExitCode.Usage, (await Run("index", _folder["sounds"], "--to", Index)).ExitCode);
        Assert.Empty(_server.Requests);
        Assert.False(Directory.Exists(Index));
    }

    [Fact]
    public async Task A_script_says_yes_or_is_told_both_ways()
    {
        var refused = await Run("index", _folder["sounds"], "--to", Index);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        foreach (string way in new[] { "--model", "NATIVERETRIEVAL_MODEL", "--yes", "small: a small model", "licence CC0-1.0" })
            Assert.Contains(way, refused.Error);
        Assert.Empty(_server.Requests);
        Assert.False(Directory.Exists(Index));
        Assert.Equal(0, (await Run("index", _folder["sounds"], "--to", Index, "--yes")).ExitCode);
    }

    [Fact]
    public async Task The_environment_comes_before_what_is_installed_and_the_command_line_before_it()
    {
        await Run("models", "fetch", "small");
        _environment["NATIVERETRIEVAL_MODEL"] = _folder["absent"];
        Assert.Contains(_folder["absent"], (await Run("index", _folder["sounds"], "--to", Index)).Error);
        Assert.Equal(0, (await Run("index", _folder["sounds"], "--to", Index, "--model", _folder["trained"])).ExitCode);
        _environment["NATIVERETRIEVAL_MODEL"] = _folder["trained"];
        var found = await Run("search", "rain", "--index", Index);
        Assert.Equal(0, found.ExitCode);
    }

    [Fact]
    public async Task An_index_finds_the_installed_model_with_its_fingerprint()
    {
        await Run("models", "fetch", "small", "--to", _folder["elsewhere"]);
        await Run("index", _folder["sounds"], "--to", Index, "--model", _folder["elsewhere"]);
        Directory.Delete(_folder["elsewhere"], recursive: true);
        var missing = await Run("search", "rain", "--index", Index);
        Assert.Equal(ExitCode.Usage, missing.ExitCode);
        Assert.Contains("no installed model is the same", missing.Error);

        await Run("models", "fetch", "small");
        Assert.Equal(0, (await Run("search", "rain", "--index", Index)).ExitCode);
        // Another model in the place of the index's own is not taken for it.
        Directory.Move(_folder["trained"], _folder["elsewhere"]);
        File.AppendAllText(_folder["elsewhere/config.json"], "\n");
        File.Delete(_folder["elsewhere/SHA256SUMS"]);
        Assert.Equal(0, (await Run("search", "rain", "--index", Index)).ExitCode);
        var again = await Run("index", _folder["sounds"], "--to", Index);
        Assert.True(again.ExitCode == 0, again.Error);
    }

    [Fact]
    public async Task Evaluation_takes_the_installed_model()
    {
        File.WriteAllText(_folder["test.csv"], "file_name,caption_1\n200.wav,a dog is barking\n400.wav,rain falls\n");
        string[] evaluate = ["evaluate", _folder["test.csv"], "--audio", _folder["sounds"], "--cache", _folder["features"], "--json"];
        var refused = await Run(evaluate);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("nativeretrieval models fetch small", refused.Error);
        await Run("models", "fetch", "small");
        Assert.Equal(0, (await Run(evaluate)).ExitCode);
    }

    [Fact]
    public async Task A_model_under_terms_is_never_taken_unasked()
    {
        WriteCatalogue(new JsonObject { ["needs_consent"] = true });
        var refused = await Run("models", "fetch", "small");
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("--accept-licence", refused.Error);
        Assert.Empty(_server.Requests);
        Assert.Equal(0, (await Run("models", "fetch", "small", "--accept-licence")).ExitCode);
        var index = await Run("index", _folder["sounds"], "--to", Index);
        Assert.Equal(ExitCode.Usage, index.ExitCode);
        Assert.Contains($"installed are small ({Installed})", index.Error);
    }

    [Fact]
    public async Task A_checkpoint_of_another_kind_than_the_catalogue_says_is_not_kept()
    {
        WriteCatalogue(new JsonObject { ["kind"] = "audio encoder" });
        for (int attempt = 0; attempt < 2; attempt++)
        {
            var refused = await Run("models", "fetch", "small");
            Assert.Equal(ExitCode.Corrupt, refused.ExitCode);
            Assert.Contains("is of kind 'retrieval model', the catalogue says 'audio encoder'", refused.Error);
            Assert.False(Directory.Exists(Installed));
        }
    }

    [Fact]
    public async Task Without_a_network_a_folder_does()
    {
        Directory.CreateDirectory(_folder["stick"]);
        foreach (var (name, content) in _files) File.WriteAllBytes(Path.Combine(_folder["stick"], name), content);
        Assert.Equal(0, (await Run("models", "fetch", "small", "--from", _folder["stick"])).ExitCode);
        Assert.Empty(_server.Requests);
        Assert.Equal(0, (await Run("index", _folder["sounds"], "--to", Index)).ExitCode);
    }

    [Fact]
    public async Task A_damaged_or_absent_catalogue_is_named()
    {
        File.WriteAllText(_folder["catalogue.json"], "[");
        var damaged = await Run("models", "list");
        Assert.Equal(ExitCode.Usage, damaged.ExitCode);
        Assert.Contains("NATIVERETRIEVAL_CATALOGUE", damaged.Error);
        File.Delete(_folder["catalogue.json"]);
        Assert.Equal(ExitCode.Failure, (await Run("models", "list")).ExitCode);
    }

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    void WriteCatalogue(JsonObject model)
    {
        (model["name"], model["about"]) = ("small", "a small model");
        model["kind"] ??= "retrieval model";
        (model["licence"], model["source"], model["checksums_from"]) = ("CC0-1.0", "https://example.org/small", "this test");
        model["map"] = null;
        model["files"] = new JsonArray([.. _files.Select(file => new JsonObject
        {
            ["name"] = file.Key,
            ["url"] = $"{_server.Address}{file.Key}",
            ["size_bytes"] = file.Value.Length,
            ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(file.Value)),
        })]);
        File.WriteAllText(_folder["catalogue.json"], new JsonObject { ["models"] = new JsonArray(model) }.ToJsonString());
    }

    async Task<CommandLine> Run(params string[] args)
    {
        StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        var terminal = new Terminal(output, error, TimeProvider.System, isInteractive: _atKeyboard)
        {
            Variable = name => _environment.GetValueOrDefault(name),
            ReadLine = _typed.Dequeue,
            ReadKey = _atKeyboard ? () => throw new InvalidOperationException() : null,
        };
        return new(await CommandLine.Run(terminal, args), output.ToString(), error.ToString());
    }
}
