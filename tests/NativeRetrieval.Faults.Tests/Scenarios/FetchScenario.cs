using System.Security.Cryptography;
using NativeRetrieval.Cli;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.WeightsConvert.Tests.Catalogue;

namespace NativeRetrieval.Faults.Tests.Scenarios;

/// <summary><c>models fetch</c>: a download whose first connection breaks off, and the model folder made of it.</summary>
class FetchScenario(string area) : Scenario(area), IDisposable
{
    protected const string Name = "tiny";

    ScriptedServer? _server;
    byte[] _published = [];
    string _tag = "";

    string Catalogue => Path.Combine(Area, "catalogue.json");

    /// <summary>Publishes a model in place of the one before.</summary>
    protected void Publish(int seed)
    {
        string path = Path.Combine(Area, $"cnn14-{seed}.safetensors");
        using (var encoder = AudioEncoder.Create(new Cnn14Config { Channels = [2, 3, 4, 5, 4, 6] }, CpuDevice.Shared,
            new PhiloxSequence(new Philox((ulong)seed))))
            StateFile.Write(path, encoder);
        _tag = $"\"{seed}\"";
        byte[] bytes = _published = File.ReadAllBytes(path);
        _server ??= new ScriptedServer(request =>
        {
            var whole = ScriptedServer.Response.Of(request, _published, _tag);
            return request.Range is null ? whole.Cut(_published.Length / 2) : whole;
        });
        File.WriteAllText(Catalogue, $$"""
            {"models": [{"name": "{{Name}}", "kind": "audio encoder", "about": "", "licence": "CC0-1.0", "source": "",
                "map": "encoder-cnn14", "checksums_from": "", "files": [{"name": "cnn14.safetensors",
                "url": "{{_server.Address}}cnn14.safetensors", "size_bytes": {{bytes.Length}},
                "sha256": "{{Convert.ToHexStringLower(SHA256.HashData(bytes))}}"}]}]}
            """);
    }

    public override Task PrepareAsync()
    {
        Directory.CreateDirectory(Work);
        Publish(seed: 1);
        return Task.CompletedTask;
    }

    public override async Task<CommandRun> RunAsync()
    {
        StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        var terminal = new Terminal(output, error, new InstantTime(never: TimeSpan.FromSeconds(20)))
        {
            Variable = name => name == "NATIVERETRIEVAL_CATALOGUE" ? Catalogue : null,
        };
        int code = await Application.RunAsync(["models", "fetch", Name, "--cache", Path.Combine(Work, "cache")], terminal,
            CancellationToken.None);
        return new(code, error.ToString());
    }

    /// <summary>Files that have their final names: those that were published, and the folder made of them.</summary>
    public override Task<IReadOnlyList<string>> SeenAsync() => Task.FromResult<IReadOnlyList<string>>(
    [
        .. Hashes(Path.Combine(Work, "cache", Name, "source"))
            .Where(line => line.StartsWith("cnn14.safetensors ", StringComparison.Ordinal)),
        .. Hashes(Path.Combine(Work, "cache", Name, "model")),
    ]);

    /// <summary>
    /// The file is the old or the new one, and so is the folder, which follows it: there is no exchange of folders in one step, so it may
    /// be absent, but never a part of one.
    /// </summary>
    public override bool IsWhole(IReadOnlyList<string> seen, IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        IReadOnlyList<string>[] files = [[.. before.Take(1)], [.. after.Take(1)]], folders = [[.. before.Skip(1)], [.. after.Skip(1)], []];
        return files.Any(file => folders.Any(folder => seen.SequenceEqual([.. file, .. folder])));
    }

    public void Dispose() => _server?.Dispose();
}

/// <summary><c>models fetch</c> where the published model is another than the one fetched before.</summary>
sealed class FetchAnewScenario(string area) : FetchScenario(area)
{
    public override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        await MustAsync(RunAsync());
        Publish(seed: 2);
    }
}
