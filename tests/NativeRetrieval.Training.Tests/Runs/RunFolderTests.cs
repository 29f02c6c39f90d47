using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    static readonly RunDescription Described = new() { DataSha256 = "abc" };

    readonly TemporaryFolder _folder = new();

    string RunPath => _folder["runs/one"];

    public void Dispose()
    {
        DurableFile.AfterStep = null;
        _folder.Dispose();
    }

    [Fact]
    public void ARunIsFoundAgainWithSettingsDataStateAndTensors()
    {
        var settings = SettingsLoader.Load("tiny", ["seed=5", "training.lr=3e-4"]);
        var state = new TrainingState(Seed: 5, Step: 17, Epoch: 2, Batch: 3, LossSum: 1.1, BestScore: 0.1 + 0.2, BestEpoch: 1);
        using (var run = RunFolder.Create(RunPath, settings, Described))
        {
            Assert.Null(run.LoadCheckpoint());
            run.SaveCheckpoint(Tensors(1), state with { Step = 1 });
            run.SaveCheckpoint(Tensors(2), state);
        }
        using (var run = RunFolder.Resume(RunPath))
        {
            Assert.Equal(SettingsWriter.ToYaml(settings), SettingsWriter.ToYaml(run.Settings));
            run.RequireSameData("abc", null);
            Assert.Contains("other training data", Assert.Throws<OptionException>(() => run.RequireSameData("abd", null)).Message);
            using var checkpoint = run.LoadCheckpoint()!;
            Assert.Equal(state, checkpoint.State);
            Assert.Equal([2, 2, 2], checkpoint.Tensors.ReadFloat32("optimizer/m"));
            Assert.Equal(["checkpoint-1.json", "checkpoint-1.safetensors", "checkpoint-2.json", "checkpoint-2.safetensors", "lock"],
                Directory.GetFiles(Path.Combine(RunPath, "checkpoints")).Select(Path.GetFileName).Order());
        }
    }

    /// <summary>
    /// The folder is copied after every step that changes the disk, as a kill there would leave it; each copy must resume with the
    /// checkpoint before or after, and with the model files of one version.
    /// </summary>
    [Fact]
    public void AKillAtAnyStepLeavesACompleteCheckpointAndOneModel()
    {
        var copies = new List<(string Path, string Step, int Saved)>();
        int saved = -1;
        DurableFile.AfterStep = (step, path) =>
        {
            if (!File.Exists(Path.Combine(RunPath, "run.json"))) return;
            string copy = _folder[$"kill-{copies.Count}"];
            FolderCopy.Write(RunPath, copy);
            copies.Add((copy, $"{step} {Path.GetRelativePath(RunPath, path)}", saved));
        };
        using (var run = RunFolder.Create(RunPath, Presets.Get("tiny"), Described))
            for (int i = 0; i <= 3; i++)
            {
                run.StageModel(i, folder => WriteModel(folder, i));
                run.SaveCheckpoint(Tensors(i), new TrainingState(0, i, 0, i));
                saved = i;
            }
        DurableFile.AfterStep = null;
        Assert.True(copies.Count > 60, $"{copies.Count} steps were seen");

        foreach (var (path, step, savedBefore) in copies)
        {
            using var run = RunFolder.Resume(path);
            using var checkpoint = run.LoadCheckpoint();
            long found = checkpoint?.State.Step ?? -1;
            Assert.True(found == savedBefore || found == savedBefore + 1, $"after {step}: checkpoint {found}, {savedBefore} were saved");
            if (checkpoint is not null)
                Assert.Equal([found, found, found], checkpoint.Tensors.ReadFloat32("optimizer/m").Select(x => (long)x));

            string[] versions = [.. ModelFiles.Select(name => Path.Combine(path, name)).Where(File.Exists).Select(File.ReadAllText)
                .Distinct()];
            Assert.Equal(found < 0 ? [] : [$"{found}"], versions);
            Assert.True(versions.Length == 0
                || ModelFiles.All(name => File.Exists(Path.Combine(path, name))), $"after {step}: a part of the model");
            Assert.DoesNotContain(Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories), DurableFile.IsTemporary);
            Assert.InRange(Directory.GetFiles(Path.Combine(path, "checkpoints"), "*.safetensors").Length, Math.Min(found + 1, 1), 3);
            Assert.Empty(Directory.GetDirectories(Path.Combine(path, "checkpoints")));
        }
    }

    [Fact]
    public void ARunGoesOnAfterAKillAndSavesFurther()
    {
        using (var run = RunFolder.Create(RunPath, Presets.Get("tiny"), Described))
            run.SaveCheckpoint(Tensors(1), new TrainingState(0, 1, 0, 1));
        // A kill after the second file was written and before it has a receipt.
        File.Copy(Path.Combine(RunPath, "checkpoints", "checkpoint-1.safetensors"),
            Path.Combine(RunPath, "checkpoints", "checkpoint-2.safetensors"));
        using (var run = RunFolder.Resume(RunPath))
        {
            run.SaveCheckpoint(Tensors(7), new TrainingState(0, 7, 0, 7));
            using var checkpoint = run.LoadCheckpoint()!;
            Assert.Equal(7, checkpoint.State.Step);
        }
    }

    [Fact]
    public void AKillWhileTheRunIsCreatedDoesNotBlockTheFolder()
    {
        var copies = new List<string>();
        DurableFile.AfterStep = (_, _) =>
        {
            if (!Directory.Exists(RunPath)) return;
            copies.Add(_folder[$"kill-{copies.Count}"]);
            FolderCopy.Write(RunPath, copies[^1]);
        };
        RunFolder.Create(RunPath, Presets.Get("tiny"), Described).Dispose();
        DurableFile.AfterStep = null;
        foreach (string copy in copies)
        {
            bool begun = File.Exists(Path.Combine(copy, "run.json"));
            using var run = begun ? RunFolder.Resume(copy) : RunFolder.Create(copy, Presets.Get("tiny"), Described);
            Assert.Equal("abc", run.Description.DataSha256);
        }
    }

    [Theory]
    [InlineData("flip", "its SHA-256 is not the one that was saved")]
    [InlineData("cut", "bytes, but")]
    [InlineData("delete", "it does not exist")]
    [InlineData("receipt", "not a checkpoint's receipt")]
    [InlineData("escape", "it names '../checkpoint-1.safetensors'")]
    public void ADamagedCheckpointIsRefused(string damage, string message)
    {
        using var run = RunFolder.Create(RunPath, Presets.Get("tiny"), Described);
        run.SaveCheckpoint(Tensors(1), new TrainingState(0, 1, 0, 1));
        string receipt = Path.Combine(RunPath, "checkpoints", "checkpoint-1.json"),
            file = Path.Combine(RunPath, "checkpoints", "checkpoint-1.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        if (damage == "flip") File.WriteAllBytes(file, [.. bytes[..^2], (byte)(bytes[^2] ^ 1), bytes[^1]]);
        else if (damage == "cut") File.WriteAllBytes(file, bytes[..^1]);
        else if (damage == "delete") File.Delete(file);
        else if (damage == "receipt") File.WriteAllText(receipt, "{}");
        else File.WriteAllText(receipt, File.ReadAllText(receipt).Replace("checkpoint-1", "../checkpoint-1", StringComparison.Ordinal));
        Assert.Contains(message, Assert.Throws<CorruptFileException>(() => run.LoadCheckpoint()).Message);
    }

    [Fact]
    public void FoldersInUseAreRefusedWithAdvice()
    {
        using (var run = RunFolder.Create(RunPath, Presets.Get("tiny"), Described))
        {
            Assert.Contains("--resume", Assert.Throws<OptionException>(() => RunFolder.Create(RunPath, Presets.Get("tiny"), Described))
                .Message);
            Assert.Contains("another process", Assert.Throws<FileWriteException>(() => RunFolder.Resume(RunPath)).Message);
        }
        RunFolder.Resume(RunPath).Dispose();
        Assert.Contains("holds no run", Assert.Throws<OptionException>(() => RunFolder.Resume(_folder["none"])).Message);
        Directory.CreateDirectory(_folder["music"]);
        File.WriteAllText(_folder["music/a.wav"], "");
        Assert.Contains("it holds a.wav",
            Assert.Throws<OptionException>(() => RunFolder.Create(_folder["music"], Presets.Get("tiny"), Described)).Message);
        Assert.Contains("is a file",
            Assert.Throws<OptionException>(() => RunFolder.Create(_folder["music/a.wav"], Presets.Get("tiny"), Described)).Message);
    }

    [Fact]
    public void AFailedCheckpointLeavesTheOneBefore()
    {
        using var run = RunFolder.Create(RunPath, Presets.Get("tiny"), Described);
        run.SaveCheckpoint(Tensors(1), new TrainingState(0, 1, 0, 1));
        var broken = new SafetensorsItem("x", Core.Tensors.DType.Float32, [1], _ => throw new IOException("No space left on device"));
        Assert.Contains("No space left",
            Assert.Throws<FileWriteException>(() => run.SaveCheckpoint([broken], new TrainingState(0, 2, 0, 2))).Message);
        using var checkpoint = run.LoadCheckpoint()!;
        Assert.Equal(1, checkpoint.State.Step);
    }

    static readonly string[] ModelFiles = ["config.json", "model.safetensors", "pooling/config.json", "SHA256SUMS"];

    static void WriteModel(string folder, int version)
    {
        foreach (string name in ModelFiles)
        {
            DurableFile.CreateFolder(Path.GetDirectoryName(Path.Combine(folder, name))!);
            DurableFile.WriteAllText(Path.Combine(folder, name), version.ToString());
        }
    }

    static SafetensorsItem[] Tensors(int value) =>
    [
        SafetensorsItem.Float32("model/w", [2], new float[] { value, -value }),
        SafetensorsItem.Float32("optimizer/m", [3], new float[] { value, value, value }),
        SafetensorsItem.Int64("optimizer/step", [1], new long[] { value }),
    ];
}
