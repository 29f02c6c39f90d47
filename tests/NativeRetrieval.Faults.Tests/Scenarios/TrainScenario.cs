using System.Text.RegularExpressions;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Faults.Tests.Scenarios;

/// <summary>
/// <c>train</c>: two epochs of two batches each, checkpoints at the ends of epochs and within the second.
/// The repeated run resumes where a run has begun.
/// </summary>
sealed partial class TrainScenario(string area) : Scenario(area)
{
    const string None = "no model", Half = "a model's files are being replaced";

    string Model => Path.Combine(Area, "model");

    string Run => Path.Combine(Work, "run");

    /// <summary>A run and its repetition take most of a second.</summary>
    public override int Stride => 6;

    public override Task PrepareAsync()
    {
        Directory.CreateDirectory(Work);
        TinyModel.Write(Model);
        string sounds = Path.Combine(Area, "sounds");
        Directory.CreateDirectory(sounds);
        string[] captions = ["a low tone", "a tone", "a high tone", "a very high tone"];
        for (int i = 0; i < captions.Length; i++) WavFile.Write(Path.Combine(sounds, $"{i}.wav"), 0.4, 200 * (i + 1));
        File.WriteAllText(Captions("train"), "file_name,caption_1\n"
            + string.Concat(captions.Select((caption, i) => $"{i}.wav,{caption}\n")));
        File.WriteAllText(Captions("validation"), $"file_name,caption_1\n0.wav,{captions[0]}\n3.wav,{captions[3]}\n");
        return Task.CompletedTask;
    }

    public override Task<CommandRun> RunAsync() => TrainAsync();

    public override Task<CommandRun> RunAgainAsync() =>
        File.Exists(Path.Combine(Run, "run.json")) ? TrainAsync("--resume") : TrainAsync();

    /// <summary>
    /// The model in the run's folder: none, that of an epoch, or one that is not whole and refused, which resuming makes whole.
    /// </summary>
    public override Task<IReadOnlyList<string>> SeenAsync()
    {
        if (!File.Exists(Path.Combine(Run, "config.json"))) return Task.FromResult<IReadOnlyList<string>>([None]);
        try
        {
            ModelFolder.Load(Run, CpuDevice.Shared).Dispose();
            return Task.FromResult<IReadOnlyList<string>>([.. Hashes(Run)
                .Where(line => line.StartsWith("model.", StringComparison.Ordinal))]);
        }
        catch (CorruptFileException)
        {
            return Task.FromResult<IReadOnlyList<string>>([Half]);
        }
    }

    public override bool IsWhole(IReadOnlyList<string> seen, IReadOnlyList<string> before, IReadOnlyList<string> after) => true;

    /// <summary>All files, but times, waits for input, and the list of starts, which tell of the interruption.</summary>
    public override Task<IReadOnlyList<string>> ResultAsync() => Task.FromResult<IReadOnlyList<string>>(
    [
        .. File.ReadLines(Path.Combine(Run, "metrics.jsonl")).Select(line => Wait().Replace(line, "")),
        .. Hashes(Run).Where(line => !line.StartsWith("run.json", StringComparison.Ordinal)
            && !line.StartsWith("metrics.jsonl", StringComparison.Ordinal)
            && !line.StartsWith("events", StringComparison.Ordinal) && !line.StartsWith("checkpoints/", StringComparison.Ordinal)),
        .. Names(),
    ]);

    [GeneratedRegex(",\"input_wait\":[^,}]*")]
    private static partial Regex Wait();

    string Captions(string name) => Path.Combine(Area, name + ".csv");

    Task<CommandRun> TrainAsync(params string[] more) => CommandLineAsync(["train", Captions("train"), "--audio",
        Path.Combine(Area, "sounds"), "--validation", Captions("validation"), "--to", Run, "--init-from", Model, "--cache",
        Path.Combine(Area, "cache"), "--set", "training.epochs=2",
        "--set", "training.batch_size=2", "--set", "training.checkpoint_every_steps=3", .. more]);
}
