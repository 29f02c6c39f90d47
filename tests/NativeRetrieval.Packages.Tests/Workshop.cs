using NativeRetrieval.Demo;
using NativeRetrieval.TestSupport;

[assembly: AssemblyFixture(typeof(NativeRetrieval.Packages.Tests.Workshop))]

namespace NativeRetrieval.Packages.Tests;

/// <summary>A user's folder: the tool installed from the feed, a few sounds, and a model and an index that it made of them.</summary>
public sealed class Workshop : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Lock _lock = new();
    string? _program;
    string? _index;

    public string FullPath => _folder.FullPath;

    public string Sounds => _folder["sounds/audio"];

    public string Model => _folder["model"];

    /// <summary>A user who has no tool and no package yet.</summary>
    internal Dictionary<string, string?> NewUser(string name) =>
        new() { ["DOTNET_CLI_HOME"] = _folder[name], ["NUGET_PACKAGES"] = _folder[name + "/packages"] };

    /// <summary>The installed program.</summary>
    public string Tool()
    {
        lock (_lock)
        {
            if (_program is not null) return _program;
            string tools = _folder["tools"];
            Shell.Run(FullPath, NewUser("installer"), "dotnet", "tool", "install", "nativeretrieval", "--tool-path", tools,
                "--source", Package.Feed).Succeeds();
            return _program = Path.Combine(tools, "nativeretrieval");
        }
    }

    /// <summary>An index of <see cref="Sounds"/> by <see cref="Model"/>, both made by the tool.</summary>
    public string Index()
    {
        string tool = Tool();
        lock (_lock)
        {
            if (_index is not null) return _index;
            DemoCollection.Create(_folder["sounds"], seed: 1, clips: 24, testClips: 8);
            Run(tool, "train", "sounds/train.csv", "--audio", "sounds/audio", "--preset", "tiny", "--to", "model",
                "--set", "training.epochs=1").Succeeds();
            Run(tool, "index", "sounds/audio", "--model", "model", "--to", "sounds.nrx").Succeeds();
            return _index = "sounds.nrx";
        }
    }

    /// <summary>A command line in this folder.</summary>
    internal Shell Run(string program, params string[] args) => Shell.Run(FullPath, new Dictionary<string, string?>(), program, args);

    public void Dispose() => _folder.Dispose();
}
