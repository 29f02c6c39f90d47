using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>A run to start or to go on with.</summary>
public sealed record TrainingRequest
{
    /// <summary>Clips to train on.</summary>
    public required Dataset Training { get; init; }

    /// <summary>Clips that choose the best epoch; null: clips held out by the settings do, else the last epoch's model is kept.</summary>
    public Dataset? Validation { get; init; }

    /// <summary>The run's folder.</summary>
    public required string RunFolder { get; init; }

    /// <summary>
    /// Settings of a new run; a resumed one has its own, with which those that were asked for are compared. Sizes are replaced by those
    /// of the weights that the run starts from.
    /// </summary>
    public required TrainingSettings Settings { get; init; }

    /// <summary>
    /// Keys of settings that were asked for by name: a size among them that the starting weights do not have is refused, and so is a
    /// setting that a resumed run does not have; <c>training.epochs</c> is changed.
    /// </summary>
    public IReadOnlyCollection<string> Insisted { get; init; } = [];

    /// <summary>True: all settings were asked for, as by a preset, and a resumed run has to have each; sizes of weights excepted.</summary>
    public bool SettingsAreWhole { get; init; }

    /// <summary>True: go on with the run that the folder holds.</summary>
    public bool Resume { get; init; }

    /// <summary>Folder of a pre-trained BERT for a new run; null: from scratch.</summary>
    public string? TextModel { get; init; }

    /// <summary>Folder of a pre-trained audio encoder for a new run, whose front end it takes, too; null: from scratch.</summary>
    public string? AudioModel { get; init; }

    /// <summary>Folder of a trained model that a new run starts from; null: none.</summary>
    public string? InitialModel { get; init; }

    /// <summary>
    /// Folders of trained models whose scores a new run also learns (distillation), averaged where there are several; none: empty.
    /// </summary>
    public IReadOnlyList<string> Teachers { get; init; } = [];

    /// <summary>Folder in which decoded features are kept; all runs may share it.</summary>
    public required string FeatureCache { get; init; }

    /// <summary>Called with a sentence about each thing in which the run departs from its settings, before the first epoch.</summary>
    public Action<string>? Noted { get; init; }

    /// <summary>Called with what is wrong with the data, before the first epoch.</summary>
    public Action<DataCheck>? Checked { get; init; }

    /// <summary>Called with what the run will take, before the first epoch; null: that is not measured.</summary>
    public Action<RunEstimate>? Estimated { get; init; }

    /// <summary>Device that the run is computed on, opened in the precision of the run's settings.</summary>
    public required Device Device { get; init; }

    /// <summary>Clock of the log and of the estimates.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>
    /// Ranks that train together, this one among them; null: one alone. Each has its own device and makes its own request, alike in all
    /// that decides results; the run's folder is one that all of them see. Only the first one writes to it, and only its callbacks
    /// are called.
    /// </summary>
    public IProcessGroup? Group { get; init; }

    /// <summary>The command line, for the run's description.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];
}

/// <summary>The reason why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs are done.</summary>
    AllEpochs,

    /// <summary><see cref="OptimizationSettings.EarlyStoppingEpochs"/> evaluations had no better score.</summary>
    NoImprovement,
}

/// <summary>The result of a run.</summary>
/// <param name="Last">Last epoch; null when a resumed run had none left.</param>
/// <param name="BestEpoch">Epoch whose model lies at the top of the run folder, from 1.</param>
/// <param name="Skipped">One message for each clip that cannot be decoded.</param>
/// <param name="Graphs">CUDA graphs of the steps; null on a device without.</param>
public sealed record TrainingOutcome(EpochSummary? Last, TrainingEnd End, int BestEpoch, IReadOnlyList<string> Skipped, GraphUse? Graphs);

/// <summary>The work that CUDA graphs did since a run was started or resumed.</summary>
/// <param name="Recorded">Graphs that were recorded, one for each combination of sizes; those recorded anew count again.</param>
/// <param name="Replayed">Steps that were replayed.</param>
/// <param name="Steps">All steps.</param>
public sealed record GraphUse(long Recorded, long Replayed, long Steps);
