using NativeRetrieval.Cli.Tests;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Engines.Tests;

/// <summary>The commands on a folder of sounds and an index, as a user types them; the index is a folder or an address.</summary>
sealed class IndexCommands(TemporaryFolder area, string index)
{
    readonly string _model = Path.Combine(area.FullPath, "model"), _sounds = Path.Combine(area.FullPath, "sounds");

    /// <summary>Writes the model and six sounds in folders with names.</summary>
    public void Prepare()
    {
        TinyModel.Write(_model);
        string[] names =
        [
            "Dogs/dog barking.wav", "Dogs/dog_far.wav", "Rain/rain on a roof.wav", "Rain/light rain.wav", "bell.wav", "door.wav",
        ];
        for (int i = 0; i < names.Length; i++)
        {
            string path = Sound(names[i]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            WavFile.Write(path, 0.5 + i, 200 + 150 * i);
        }
    }

    public string Sound(string name) => Path.Combine(_sounds, name);

    /// <summary>Brings the index up to date with the sounds.</summary>
    public Task<string> IndexAsync() => RunAsync("index", _sounds, "--model", _model, "--to", index, "--json");

    /// <summary>All that commands say of the index, in JSON.</summary>
    public async Task<IReadOnlyList<string>> AnswersAsync()
    {
        string[] on = ["--index", index, "--model", _model, "--json"];
        return
        [
            await RunAsync(["search", "a dog is barking", "--top", "20", .. on]),
            await RunAsync(["search", "rain", "--in", Sound("Rain"), "--length", "1s..4s", .. on]),
            await RunAsync(["search", "rain", "--weight", "0", "--windows", .. on]),
            await RunAsync(["search", "bell", "--like", Sound("door.wav"), "--not", "dog", .. on]),
            await RunAsync(["similar", Sound("Rain/light rain.wav"), "--at", "1s", .. on]),
        ];
    }

    /// <returns>Standard output.</returns>
    static async Task<string> RunAsync(params string[] args)
    {
        var run = await CommandLine.Run(args);
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', args)}: exit code {run.ExitCode}: {run.Error}");
        return run.Out;
    }
}
