using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;
using NativeRetrieval.Training.Tests.Runs;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>
/// Whole runs, copied after every step that changes a name or the content of a file, as a kill there would leave them. Each copy is started
/// again by the same command and ends as the undisturbed run did, byte for byte.
/// </summary>
public sealed class KilledRunTests : IDisposable
{
    static readonly string[] Compared = ["metrics.jsonl", "model.safetensors", "config.json", "vocab.txt", "README.md", "SHA256SUMS",
        "settings.yaml", "curves.svg", "last/model.safetensors"];

    readonly TemporaryFolder _folder = new();
    readonly Dataset _train, _test;

    public KilledRunTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 16, testClips: 4);
        (_train, _test) = (CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder), CaptionCsv.Read(demo.TestCsv, demo.AudioFolder));
    }

    /// <summary>With all that a run may keep beside its model: the means of the weights, and checkpoints amid an epoch.</summary>
    [Fact]
    public void A_run_that_is_killed_after_any_change_of_its_folder_ends_as_the_undisturbed_one()
    {
        string run = _folder["run"];
        string[] overrides =
        [
            "training.checkpoint_every_steps=1", "training.batch_size=12", "training.average_decay=0.9",
            "training.freeze_text_encoder=true",
        ];
        var copies = Kills(run, () => Run(Request(run, overrides)));
        Assert.True(copies.Count > 50, $"{copies.Count} steps were seen");
        foreach (var (path, step) in copies)
        {
            bool begun = File.Exists(Path.Combine(path, "run.json"));
            Run(Request(path, overrides) with { Resume = begun });
            AssertEqual(run, path, step);
        }
    }

    [Fact]
    public void A_change_of_the_epochs_that_is_killed_is_made_by_the_same_command()
    {
        string first = _folder["first"], run = _folder["run"];
        Run(Request(first, "training.epochs=1", "training.batch_size=12"));
        FolderCopy.Write(first, run);
        string[] more = ["training.epochs=2", "training.batch_size=12"];
        var copies = Kills(run, () => Run(Request(run, more) with { Resume = true }));
        foreach (var (path, step) in copies.Take(20))
        {
            Run(Request(path, more) with { Resume = true });
            AssertEqual(run, path, step);
        }
    }

    public void Dispose()
    {
        DurableFile.AfterStep = null;
        _folder.Dispose();
    }

    List<(string Path, string Step)> Kills(string run, Action work)
    {
        var copies = new List<(string, string)>();
        DurableFile.AfterStep = (step, path) =>
        {
            // Steps that only make durable what is there, or write a temporary file, leave nothing that another step does not.
            if (step is "fsync" or "fsync folder" or "create" || !Directory.Exists(run) || !path.StartsWith(run, StringComparison.Ordinal))
                return;
            copies.Add((_folder[$"kill-{copies.Count}"], $"{step} {Path.GetRelativePath(run, path)}"));
            FolderCopy.Write(run, copies[^1].Item1);
        };
        work();
        DurableFile.AfterStep = null;
        return copies;
    }

    static void AssertEqual(string expected, string actual, string step)
    {
        foreach (string name in Compared)
        {
            string path = Path.Combine(expected, name), other = Path.Combine(actual, name);
            Assert.True(File.Exists(path) == File.Exists(other), $"after {step}: {name}");
            Assert.True(!File.Exists(path) || File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(other)),
                $"after {step}: {name} differs");
        }
        Assert.Equal(["lock"], Directory.GetFiles(Path.Combine(actual, "checkpoints")).Select(Path.GetFileName)
            .Where(name => !name!.StartsWith("checkpoint-", StringComparison.Ordinal)));
        Assert.Empty(Directory.GetDirectories(Path.Combine(actual, "checkpoints")));
    }

    static void Run(TrainingRequest request) => TrainingSession.Run(request, null, null, TestContext.Current.CancellationToken);

    TrainingRequest Request(string run, params string[] overrides) => new()
    {
        Training = _train,
        Validation = _test,
        RunFolder = run,
        Settings = SettingsLoader.Load("tiny", ["training.epochs=2", "audio.max_seconds=0.5", .. overrides]),
        SettingsAreWhole = true,
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = new SteppedTime(), // of a clock that stands still no share of a step is waited for
    };
}
