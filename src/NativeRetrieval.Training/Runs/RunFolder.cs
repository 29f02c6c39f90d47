using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// A training run on disk. The best model lies at its top, so that a run folder is a model folder; beside it <c>settings.yaml</c>
/// (resolved), <c>run.json</c> (<see cref="RunDescription"/>), <c>holdout.csv</c> where clips were held out,
/// <c>metrics.jsonl</c>, <c>events.out.tfevents.run</c>, <c>curves.svg</c>, <c>checkpoints/</c> with what resuming needs, and
/// <c>last/</c> with the last epoch's model once the run is over and another epoch is its best. One process at a time; a kill at
/// any moment loses nothing that a call had returned from.
/// </summary>
public sealed class RunFolder : IDisposable
{
    const string SettingsName = "settings.yaml", RunName = "run.json", HoldOutName = "holdout.csv", WorkName = "checkpoints",
        LastName = "last", LockName = "lock";

    readonly FolderLock _lock;
    readonly CheckpointStore _checkpoints;
    readonly ModelSlot _model;

    RunFolder(string path, FolderLock held, TrainingSettings settings, RunDescription description)
    {
        (FolderPath, _lock, Settings, Description) = (path, held, settings, description);
        string work = Path.Combine(path, WorkName);
        (_checkpoints, _model) = (new CheckpointStore(work), new ModelSlot(path, work));
    }

    /// <summary>Path of the folder.</summary>
    public string FolderPath { get; }

    /// <summary>Settings of the run, resolved.</summary>
    public TrainingSettings Settings { get; private set; }

    /// <summary>Content of <c>run.json</c>.</summary>
    public RunDescription Description { get; private set; }

    /// <summary>Path of the log, <c>metrics.jsonl</c>.</summary>
    public string MetricsPath => Path.Combine(FolderPath, "metrics.jsonl");

    /// <summary>Path of the log for TensorBoard.</summary>
    public string EventsPath => Path.Combine(FolderPath, "events.out.tfevents.run");

    /// <summary>Path of the picture of the curves.</summary>
    public string CurvesPath => Path.Combine(FolderPath, "curves.svg");

    /// <summary>Starts a run in a folder that is new, empty, or was left by a kill before the run had begun.</summary>
    /// <exception cref="OptionException">The folder holds a run or other files.</exception>
    /// <exception cref="FileWriteException">The disk refused, or another process uses the folder.</exception>
    /// <param name="holdOut">Clips that were held out of the training data, to be listed in <c>holdout.csv</c>; null: none.</param>
    public static RunFolder Create(string path, TrainingSettings settings, RunDescription description, Dataset? holdOut = null)
    {
        settings.Validate();
        if (File.Exists(path)) throw new OptionException($"{path} is a file; --to names the run's folder");
        if (File.Exists(Path.Combine(path, RunName)))
            throw new OptionException($"{path} already holds a run; add --resume to go on with it, or choose another folder");
        if (Directory.Exists(path)
            && Directory.EnumerateFileSystemEntries(path).FirstOrDefault(entry => !IsOwnBeginning(entry)) is { } foreign)
            throw new OptionException($"{path} is not empty (it holds {Path.GetFileName(foreign)}); choose another folder");

        DurableFile.CreateFolder(Path.Combine(path, WorkName));
        var held = Lock(path);
        try
        {
            DurableFile.DeleteLeftovers(path);
            DurableFile.WriteAllText(Path.Combine(path, SettingsName), SettingsWriter.ToYaml(settings));
            if (holdOut is not null) HoldOutCsv.Write(Path.Combine(path, HoldOutName), holdOut);
            DurableFile.WriteAllText(Path.Combine(path, RunName), description.ToJson());
            return new RunFolder(path, held, settings, description);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Opens a run to go on with it, and completes or undoes what a killed process had begun.</summary>
    /// <exception cref="OptionException">There is no run in the folder.</exception>
    /// <exception cref="CorruptFileException">A file of the run is damaged.</exception>
    /// <exception cref="FileWriteException">Another process uses the folder.</exception>
    public static RunFolder Resume(string path)
    {
        string runPath = Path.Combine(path, RunName);
        if (!File.Exists(runPath))
            throw new OptionException($"{path} holds no run to resume ({RunName} is absent); leave out --resume to start one");
        DurableFile.CreateFolder(Path.Combine(path, WorkName));
        var held = Lock(path);
        try
        {
            var run = new RunFolder(path, held, SettingsLoader.ReadFile(Path.Combine(path, SettingsName)), ReadDescription(runPath));
            DurableFile.DeleteLeftovers(path);
            DurableFile.DeleteFolder(run.UnfinishedLast);
            run._model.CleanUp();
            run._checkpoints.CleanUp();
            return run;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Checks that the run goes on with the data that it was begun with.</summary>
    /// <param name="validationSha256">Fingerprint of the validation data; null: none.</param>
    /// <exception cref="OptionException">The run was begun with other data.</exception>
    public void RequireSameData(string dataSha256, string? validationSha256)
    {
        if (dataSha256 != Description.DataSha256)
            throw new OptionException($"{FolderPath} was begun with other training data (its file names and captions hash to "
                + $"{Short(Description.DataSha256)}, these to {Short(dataSha256)}); "
                + "resume with the same CSV, or start a new run with --init-from");
        if (Description.Starts.Count > 0 && validationSha256 != Description.ValidationSha256)
            throw new OptionException($"{FolderPath} was begun {Validation(Description.ValidationSha256)}, "
                + $"not {Validation(validationSha256)}; the best epoch is chosen by one set of clips: resume with the same --validation");

        static string Short(string hash) => hash[..Math.Min(12, hash.Length)] + "…";
        static string Validation(string? hash) =>
            hash is null ? "without validation data" : $"with validation data that hashes to {Short(hash)}";
    }

    /// <summary>Changes the number of epochs in <c>settings.yaml</c>.</summary>
    /// <exception cref="OptionException">More epochs are done or begun, or another setting contradicts the number.</exception>
    public void ChangeEpochs(int epochs)
    {
        using (var checkpoint = LoadCheckpoint())
        {
            int begun = checkpoint is null ? 0 : checkpoint.State.Epoch + (checkpoint.State.Batch > 0 ? 1 : 0);
            if (epochs < begun)
                throw new OptionException($"training.epochs = {epochs}: {FolderPath} has done or begun {begun} of its "
                    + $"{Settings.Training.Epochs} epochs; give {begun} or more");
        }
        var changed = Settings with { Training = Settings.Training with { Epochs = epochs } };
        changed.Validate();
        // The model of an end that is no longer the end goes first: the checkpoint can write it again.
        DurableFile.DeleteFolder(Path.Combine(FolderPath, LastName));
        DurableFile.WriteAllText(Path.Combine(FolderPath, SettingsName), SettingsWriter.ToYaml(changed));
        Settings = changed;
    }

    /// <summary>Changes <c>run.json</c>.</summary>
    public void Describe(Func<RunDescription, RunDescription> change)
    {
        var changed = change(Description);
        DurableFile.WriteAllText(Path.Combine(FolderPath, RunName), changed.ToJson());
        Description = changed;
    }

    /// <summary>Replaces the last checkpoint; it is complete and durable when this returns, and until then the one before is.</summary>
    /// <param name="tensors">All that resuming needs besides the counters; values may be produced while they are written.</param>
    public void SaveCheckpoint(IEnumerable<SafetensorsItem> tensors, TrainingState state) => _checkpoints.Save(tensors, state);

    /// <summary>The last complete checkpoint, verified; null where the run was ended before the first.</summary>
    /// <exception cref="CorruptFileException">The checkpoint is not what was saved.</exception>
    public Checkpoint? LoadCheckpoint() => _checkpoints.Load();

    /// <summary>Replaces the model at the top of the folder, all its files or none.</summary>
    /// <param name="write">Writes the model's files into the folder it is given, durably.</param>
    public void ReplaceModel(Action<string> write) => _model.Replace(write);

    /// <summary>Writes the last epoch's model into <c>last/</c>, all its files or none; does nothing where it is there.</summary>
    /// <param name="write">Writes the model's files into the folder it is given, durably.</param>
    public void KeepLastModel(Action<string> write)
    {
        string target = Path.Combine(FolderPath, LastName);
        if (Directory.Exists(target)) return;
        DurableFile.DeleteFolder(UnfinishedLast);
        DurableFile.CreateFolder(UnfinishedLast);
        write(UnfinishedLast);
        DurableFile.RenameFolder(UnfinishedLast, target);
    }

    /// <summary>Removes a run that was created but cannot begin, so that the folder is free for another attempt.</summary>
    public void Withdraw()
    {
        Dispose();
        DurableFile.DeleteFolder(FolderPath);
    }

    /// <summary>Lets other processes use the folder.</summary>
    public void Dispose() => _lock.Dispose();

    string UnfinishedLast => Path.Combine(FolderPath, WorkName, LastName + ".partial");

    static FolderLock Lock(string path) => FolderLock.Acquire(Path.Combine(path, WorkName, LockName), "run folder");

    static bool IsOwnBeginning(string entry) =>
        Path.GetFileName(entry) is SettingsName or HoldOutName or WorkName || DurableFile.IsTemporary(entry);

    static RunDescription ReadDescription(string path)
    {
        try
        {
            var description = RunDescription.FromJson(File.ReadAllBytes(path));
            return description.SchemaVersion == RunDescription.NewestSchema ? description
                : throw new CorruptFileException(path,
                    $"schema version {description.SchemaVersion}; this program reads {RunDescription.NewestSchema}");
        }
        catch (JsonException error)
        {
            throw new CorruptFileException(path, $"not a run's description: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
    }
}
