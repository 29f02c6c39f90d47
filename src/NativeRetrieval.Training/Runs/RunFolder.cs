using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Logging;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// A training run on disk. The best model lies at its top, so that a run folder is a model folder; beside it <c>settings.yaml</c>
/// (resolved), <c>run.json</c> (<see cref="RunDescription"/>), <c>holdout.csv</c> where clips were held out,
/// <c>metrics.jsonl</c>, <c>events.out.tfevents.run</c>, <c>curves.svg</c>, <c>checkpoints/</c> with what resuming needs, and
/// <c>last/</c> with the last epoch's model once the run is over and another epoch is its best. One process at a time; a kill at
/// any moment loses nothing that a call had returned from. Whatever of these files was damaged or changed is noticed by
/// <see cref="Resume"/>.
/// </summary>
public sealed class RunFolder : IDisposable
{
    const string SettingsName = "settings.yaml", RunName = "run.json", HoldOutName = "holdout.csv", WorkName = "checkpoints",
        LastName = "last", LockName = "lock", ConfigName = "config.json";

    readonly FolderLock _lock;
    readonly CheckpointStore _checkpoints;
    readonly ModelSlot _model;
    readonly List<string> _notes = [];
    ModelReceipt? _atTop, _staged;
    LogReceipt? _metrics, _events;

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

    /// <summary>A sentence for each thing that was found otherwise than expected and needs no help.</summary>
    internal IReadOnlyList<string> Notes => _notes;

    /// <summary>Number of epochs in <c>settings.yaml</c> where it is not the run's: edited, or a change was interrupted.</summary>
    internal int? EpochsInFile { get; private init; }

    /// <summary>True where there is a checkpoint, and with it a model at the top of the folder.</summary>
    internal bool HasBegun { get; private set; }

    /// <summary>True where the model that the run starts from, or a later one, lies at the top of the folder.</summary>
    internal bool HasModel => File.Exists(Path.Combine(FolderPath, ConfigName));

    /// <summary>Epoch whose model lies at the top of the folder, from 1; 0: the one that the run starts from, or it is not known.</summary>
    internal int ModelEpoch => _atTop?.Epoch ?? 0;

    /// <summary>True where the events for TensorBoard are not those that the run wrote.</summary>
    internal bool EventsAreLost { get; private set; }

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
        RequireNoCheckpoints(path);

        DurableFile.CreateFolder(Path.Combine(path, WorkName));
        var held = Lock(path);
        try
        {
            DurableFile.DeleteLeftovers(path);
            description = description with { Settings = RecordedSettings.Of(settings) };
            DurableFile.WriteAllText(Path.Combine(path, SettingsName), SettingsWriter.ToYaml(settings));
            if (holdOut is not null)
            {
                HoldOutCsv.Write(Path.Combine(path, HoldOutName), holdOut);
                description = description with { HoldoutSha256 = FileHash.Sha256(Path.Combine(path, HoldOutName)) };
            }
            DurableFile.WriteAllText(Path.Combine(path, RunName), description.ToJson());
            return new RunFolder(path, held, settings, description);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Settings of the run in a folder, which is not opened; null where there is none.</summary>
    /// <exception cref="OptionException">They are damaged or were edited to what is not allowed; the message says where.</exception>
    public static TrainingSettings? FindSettings(string path) =>
        Path.Combine(path, SettingsName) is var file && File.Exists(file) ? SettingsLoader.ReadRun(file) : null;

    /// <summary>Opens a run to go on with it, and completes or undoes what a killed process had begun.</summary>
    /// <exception cref="OptionException">There is no run in the folder, or its settings were edited.</exception>
    /// <exception cref="CorruptFileException">A file of the run is damaged or is not the one that the run wrote.</exception>
    /// <exception cref="FileWriteException">Another process uses the folder.</exception>
    public static RunFolder Resume(string path)
    {
        string runPath = Path.Combine(path, RunName), settingsPath = Path.Combine(path, SettingsName);
        if (!File.Exists(runPath))
        {
            RequireNoCheckpoints(path);
            throw new OptionException($"{path} holds no run to resume ({RunName} is absent); leave out --resume to start one");
        }
        DurableFile.CreateFolder(Path.Combine(path, WorkName));
        var held = Lock(path);
        try
        {
            var description = RunDescription.Read(runPath);
            var written = SettingsLoader.ReadRun(settingsPath);
            var settings = description.Settings is { } recorded ? RecordedSettings.Require(recorded, written, settingsPath) : written;
            int epochs = written.Training.Epochs;
            var run = new RunFolder(path, held, settings, description)
            {
                EpochsInFile = epochs == settings.Training.Epochs ? null : epochs,
            };
            run.Settle();
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

        static string Validation(string? hash) =>
            hash is null ? "without validation data" : $"with validation data that hashes to {Short(hash)}";
    }

    /// <summary>Checks that the clips that can be decoded are those that the run was begun with.</summary>
    /// <param name="skipped">One message for each clip that cannot be decoded.</param>
    /// <exception cref="OptionException">They are others.</exception>
    internal void RequireSameClips(Dataset training, Dataset? validation, IReadOnlyList<string> skipped)
    {
        string hash = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.ASCII.GetBytes(training.Fingerprint() + validation?.Fingerprint())));
        int clips = training.Clips.Count + (validation?.Clips.Count ?? 0);
        if (Description.DecodedSha256 is null)
            Describe(description => description with { DecodedSha256 = hash, DecodedClips = clips });
        else if (Description.DecodedSha256 != hash)
            throw new OptionException($"{FolderPath} was begun with {Description.DecodedClips} clips that could be decoded, and now "
                + $"{clips} can, not all of them the same ({(skipped.Count > 0 ? skipped[0] : "none is skipped now")}); "
                + "resume with the same sounds, or start a new run with --init-from");
    }

    /// <summary>Checks that a run that has no model yet starts from the weights that it was begun with.</summary>
    /// <exception cref="OptionException">The weights are others.</exception>
    internal void RequireSameWeights(string option, string? folder, string? begun, Func<string, string> fingerprint)
    {
        string? hash = folder is null ? null : fingerprint(folder);
        if (hash != begun)
            throw new OptionException($"{FolderPath} was begun {Weights(begun)} and has no step yet, and this command is "
                + $"{Weights(hash)}; resume with the same {option}, or start a run in another folder");

        string Weights(string? sha256) => sha256 is null ? $"without {option}" : $"with {option} that hashes to {Short(sha256)}";
    }

    /// <summary>Checks the list of the clips that were held out; an absent one is written again.</summary>
    /// <exception cref="CorruptFileException">It is not the one that the run wrote.</exception>
    internal void RequireHoldOut(Dataset held)
    {
        string path = Path.Combine(FolderPath, HoldOutName);
        if (!File.Exists(path))
        {
            HoldOutCsv.Write(path, held);
            _notes.Add($"{path} was absent and is written again");
        }
        if (Description.HoldoutSha256 is { } hash && FileHash.Sha256(path) != hash)
            throw new CorruptFileException(path,
                "it is not the list that the run wrote; restore it, or delete it: it is then written again");
    }

    /// <summary>Changes the number of epochs in <c>settings.yaml</c>.</summary>
    /// <exception cref="OptionException">More epochs are done or begun, or another setting contradicts the number.</exception>
    public void ChangeEpochs(int epochs)
    {
        using (var checkpoint = LoadCheckpoint())
        {
            int begun = checkpoint is null ? 0 : checkpoint.State.Epoch + (checkpoint.State.Batch > 0 ? 1 : 0);
            begun = Math.Max(begun, ModelEpoch);
            if (epochs < begun)
                throw new OptionException($"training.epochs = {epochs}: {FolderPath} has done or begun {begun} of its "
                    + $"{Settings.Training.Epochs} epochs; give {begun} or more");
        }
        var changed = Settings with { Training = Settings.Training with { Epochs = epochs } };
        changed.Validate();
        // The model of an end that is no longer the end goes first: the checkpoint can write it again.
        DurableFile.DeleteFolder(Path.Combine(FolderPath, LastName));
        DurableFile.WriteAllText(Path.Combine(FolderPath, SettingsName), SettingsWriter.ToYaml(changed));
        Describe(description => description with { Settings = RecordedSettings.Of(changed) });
        Settings = changed;
    }

    /// <summary>Changes <c>run.json</c>.</summary>
    public void Describe(Func<RunDescription, RunDescription> change)
    {
        var changed = change(Description) with { SchemaVersion = RunDescription.NewestSchema };
        changed = changed with { Settings = changed.Settings ?? RecordedSettings.Of(Settings) };
        DurableFile.WriteAllText(Path.Combine(FolderPath, RunName), changed.ToJson());
        Description = changed;
    }

    /// <summary>
    /// Saves a checkpoint; it is complete and durable when this returns, and until then the one before is the newest. A staged model then
    /// lies at the top of the folder.
    /// </summary>
    /// <param name="tensors">All that resuming needs besides the counters; values may be produced while they are written.</param>
    public void SaveCheckpoint(IEnumerable<SafetensorsItem> tensors, TrainingState state)
    {
        var model = _staged ?? _atTop;
        _checkpoints.Save(tensors, state, receipt => receipt with
        {
            Model = model,
            Metrics = LogReceipt.Of(MetricsPath),
            Events = LogReceipt.Of(EventsPath),
        });
        if (_staged is not null) _model.Replace();
        (_atTop, _staged, HasBegun) = (model, null, true);
    }

    /// <summary>The newest complete checkpoint, verified; null where the run was ended before the first.</summary>
    /// <exception cref="CorruptFileException">No checkpoint is what was saved.</exception>
    public Checkpoint? LoadCheckpoint() => _checkpoints.Load()?.Checkpoint;

    /// <summary>
    /// Writes the model that the next checkpoint belongs to. When that is saved, the model replaces the one at the top of the folder, all
    /// its files or none.
    /// </summary>
    /// <param name="epoch">Epoch that made it, from 1; 0: the run starts from it.</param>
    /// <param name="write">Writes the model's files into the folder it is given, durably.</param>
    public void StageModel(int epoch, Action<string> write)
    {
        _staged = null;
        _model.Stage(write);
        _staged = ModelReceipt.Of(_model.Staged, epoch);
    }

    /// <summary>Stages the model that the run starts from, which has to be the one that it was begun with.</summary>
    /// <exception cref="OptionException">It is another one.</exception>
    internal void StageInitialModel(Action<string> write)
    {
        StageModel(0, write);
        string hash = ModelFolder.Fingerprint(_model.Staged);
        if (hash == Description.InitialModelSha256) return;
        if (Description.InitialModelSha256 is { } begun)
            throw new OptionException($"{FolderPath} was begun with another model (it hashes to {Short(begun)}, this to {Short(hash)}) and "
                + "has no step yet; give the same weights and program, or start a run in another folder");
        Describe(description => description with { InitialModelSha256 = hash });
    }

    /// <summary>Removes from the logs what is later than the newest checkpoint.</summary>
    internal void RewindLogs()
    {
        if (_metrics is not null && File.Exists(MetricsPath)) DurableFile.Truncate(MetricsPath, _metrics.Bytes);
        if (EventsAreLost && File.Exists(EventsPath)) DurableFile.Delete(EventsPath);
        else if (_events is not null && File.Exists(EventsPath)) DurableFile.Truncate(EventsPath, _events.Bytes);
    }

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

    /// <summary>Completes or undoes what a killed process had begun, and compares the files with the newest checkpoint's receipt.</summary>
    void Settle()
    {
        DurableFile.DeleteLeftovers(FolderPath);
        DurableFile.DeleteFolder(UnfinishedLast);
        var loaded = _checkpoints.Load(_notes.Add);
        loaded?.Checkpoint.Dispose();
        HasBegun = loaded is not null;
        _checkpoints.CleanUp();
        _model.Settle(loaded?.Newest.Model);
        if (Description.SchemaVersion < RunDescription.NewestSchema)
            _notes.Add($"{FolderPath} was begun by an earlier version, which kept no checksums: its files are taken as they are");
        if (loaded is not { } newest)
        {
            RequireNothingDone();
            return;
        }
        (_atTop, _metrics, _events) = (newest.Newest.Model, newest.Receipt.Metrics, newest.Receipt.Events);
        if (_atTop?.FirstDifference(FolderPath) is { } file)
            throw new CorruptFileException(file.Path, $"{file.Reason} with {newest.Newest.File}; restore the run's model, or start a new "
                + "run with --init-from");
        if (_atTop is { Epoch: 0 }) RequireInitialModel();
        if (_metrics?.Difference(MetricsPath) is { } reason)
            throw new CorruptFileException(MetricsPath, $"{reason} with {newest.Receipt.File}; a resumed run goes on with the log it has "
                + "written: restore the file, or start a new run with --init-from");
        EventsAreLost = _events?.Difference(EventsPath) is not null;
        if (EventsAreLost) _notes.Add($"{EventsPath} is not the one that the run wrote; made anew from {Path.GetFileName(MetricsPath)}");
    }

    /// <summary>A run without a checkpoint starts at step 0: from the model that it was begun with, if there is one.</summary>
    void RequireNothingDone()
    {
        if (HasModel) RequireInitialModel();
        if (!File.Exists(MetricsPath) || FileStatus.Of(MetricsPath).SizeBytes == 0) return;
        // Earlier versions saved their first checkpoint when the first epoch was over.
        if (Description.SchemaVersion < RunDescription.NewestSchema) MetricsLog.Resume(MetricsPath, 0);
        else
            throw new CorruptFileException(MetricsPath, $"it has steps, but {Path.Combine(FolderPath, WorkName)} has no checkpoint; "
                + "restore the checkpoints, or start a new run with --init-from");
    }

    void RequireInitialModel()
    {
        if (Description.InitialModelSha256 is not { } begun) return;
        string hash = ModelFolder.Fingerprint(FolderPath);
        if (hash != begun)
            throw new CorruptFileException(Path.Combine(FolderPath, "model.safetensors"),
                $"the run has no step that was saved, and this is not the model that it was begun with (it hashes to {Short(hash)}, "
                    + $"that one to {Short(begun)}); start a new run in another folder, with --init-from to go on from this model");
    }

    string UnfinishedLast => Path.Combine(FolderPath, WorkName, LastName + ".partial");

    static string Short(string hash) => hash[..Math.Min(12, hash.Length)] + "…";

    static void RequireNoCheckpoints(string path)
    {
        if (CheckpointStore.AreIn(Path.Combine(path, WorkName)))
            throw new OptionException($"{path} holds checkpoints of a run, but {RunName} is absent; restore it, or name another folder");
    }

    static FolderLock Lock(string path) => FolderLock.Acquire(Path.Combine(path, WorkName, LockName), "run folder");

    static bool IsOwnBeginning(string entry) =>
        Path.GetFileName(entry) is SettingsName or HoldOutName or WorkName || DurableFile.IsTemporary(entry);
}
