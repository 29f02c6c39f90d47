using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// A training run on disk. The best model lies at its top, so that a run folder is a model folder; beside it
/// <c>settings.yaml</c> (resolved), <c>run.json</c> (data fingerprint), <c>metrics.jsonl</c>, <c>events.out.tfevents.run</c>,
/// <c>curves.svg</c>, and <c>checkpoints/</c> with what resuming needs. One process at a time; a kill at any moment loses
/// nothing that a call had returned from.
/// </summary>
public sealed class RunFolder : IDisposable
{
    const int SchemaVersion = 1;
    const string SettingsName = "settings.yaml", RunName = "run.json", WorkName = "checkpoints", LockName = "lock";

    readonly FolderLock _lock;
    readonly CheckpointStore _checkpoints;
    readonly ModelSlot _model;

    RunFolder(string path, FolderLock held, TrainingSettings settings, string dataFingerprint)
    {
        (FolderPath, _lock, Settings, DataFingerprint) = (path, held, settings, dataFingerprint);
        string work = Path.Combine(path, WorkName);
        (_checkpoints, _model) = (new CheckpointStore(work), new ModelSlot(path, work));
    }

    public string FolderPath { get; }

    public TrainingSettings Settings { get; }

    /// <summary><see cref="Data.Dataset.Fingerprint"/> of the training data.</summary>
    public string DataFingerprint { get; }

    public string MetricsPath => Path.Combine(FolderPath, "metrics.jsonl");

    public string EventsPath => Path.Combine(FolderPath, "events.out.tfevents.run");

    public string CurvesPath => Path.Combine(FolderPath, "curves.svg");

    /// <summary>Starts a run in a folder that is new, empty, or was left by a kill before the run had begun.</summary>
    /// <exception cref="OptionException">The folder holds a run or other files.</exception>
    /// <exception cref="FileWriteException">The disk refused, or another process uses the folder.</exception>
    public static RunFolder Create(string path, TrainingSettings settings, string dataFingerprint)
    {
        settings.Validate();
        if (File.Exists(path)) throw new OptionException($"{path} is a file; --to names the run's folder");
        if (File.Exists(Path.Combine(path, RunName))) throw new OptionException($"{path} already holds a run; add --resume to go on with it, or choose another folder");
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).FirstOrDefault(entry => !IsOwnBeginning(entry)) is { } foreign)
            throw new OptionException($"{path} is not empty (it holds {Path.GetFileName(foreign)}); choose another folder");

        DurableFile.CreateFolder(Path.Combine(path, WorkName));
        var held = Lock(path);
        try
        {
            DurableFile.DeleteLeftovers(path);
            DurableFile.WriteAllText(Path.Combine(path, SettingsName), SettingsWriter.ToYaml(settings));
            DurableFile.WriteAllText(Path.Combine(path, RunName), JsonSerializer.Serialize(new { schema_version = SchemaVersion, data_sha256 = dataFingerprint }) + "\n");
            return new RunFolder(path, held, settings, dataFingerprint);
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
        if (!File.Exists(runPath)) throw new OptionException($"{path} holds no run to resume ({RunName} is absent); leave out --resume to start one");
        DurableFile.CreateFolder(Path.Combine(path, WorkName));
        var held = Lock(path);
        try
        {
            var run = new RunFolder(path, held, SettingsLoader.ReadFile(Path.Combine(path, SettingsName)), ReadFingerprint(runPath));
            DurableFile.DeleteLeftovers(path);
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

    /// <exception cref="OptionException">The run was begun with other data.</exception>
    public void RequireSameData(string dataFingerprint)
    {
        if (dataFingerprint != DataFingerprint)
            throw new OptionException($"{FolderPath} was begun with other training data (its file names and captions hash to {DataFingerprint[..Math.Min(12, DataFingerprint.Length)]}…, these to {dataFingerprint[..Math.Min(12, dataFingerprint.Length)]}…); resume with the same CSV, or start a new run with --init-from");
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

    public void Dispose() => _lock.Dispose();

    static FolderLock Lock(string path) => FolderLock.Acquire(Path.Combine(path, WorkName, LockName), "run folder");

    static bool IsOwnBeginning(string entry) => Path.GetFileName(entry) is SettingsName or WorkName || DurableFile.IsTemporary(entry);

    static string ReadFingerprint(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            int version = json.RootElement.GetProperty("schema_version").GetInt32();
            if (version != SchemaVersion) throw new CorruptFileException(path, $"schema version {version}; this program reads {SchemaVersion}");
            return json.RootElement.GetProperty("data_sha256").GetString() ?? throw new KeyNotFoundException("data_sha256 is null");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CorruptFileException(path, $"not a run's description: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
    }
}
