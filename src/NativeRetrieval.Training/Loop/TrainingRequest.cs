using NativeRetrieval.Core.Devices;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>A run to start or to go on with.</summary>
public sealed record TrainingRequest
{
    public required Dataset Training { get; init; }

    /// <summary>Chooses the best epoch; null: clips held out by the settings do, else the last epoch's model is kept.</summary>
    public Dataset? Validation { get; init; }

    /// <summary>The run's folder.</summary>
    public required string RunFolder { get; init; }

    /// <summary>Of a new run; a resumed one has its own. Sizes are replaced by those of the weights that the run starts from.</summary>
    public required TrainingSettings Settings { get; init; }

    /// <summary>Keys of settings that were asked for by name: a size among them that the starting weights do not have is refused.</summary>
    public IReadOnlyCollection<string> Insisted { get; init; } = [];

    /// <summary>Go on with the run that the folder holds.</summary>
    public bool Resume { get; init; }

    /// <summary>Folder of a pre-trained BERT for a new run; null: from scratch.</summary>
    public string? TextModel { get; init; }

    /// <summary>Folder of a pre-trained audio encoder for a new run, whose front end it takes, too; null: from scratch.</summary>
    public string? AudioModel { get; init; }

    /// <summary>Folder of a trained model that a new run starts from; null: none.</summary>
    public string? InitialModel { get; init; }

    /// <summary>Where decoded features are kept; shared by all runs.</summary>
    public required string FeatureCache { get; init; }

    /// <summary>Called with what is wrong with the data, before the first epoch.</summary>
    public Action<DataCheck>? Checked { get; init; }

    /// <summary>Called with what the run will take, before the first epoch; null: that is not measured.</summary>
    public Action<RunEstimate>? Estimated { get; init; }

    public required Device Device { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>The command line, for the run's description.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];
}

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs are done.</summary>
    AllEpochs,

    /// <summary><see cref="OptimizationSettings.EarlyStoppingEpochs"/> evaluations had no better score.</summary>
    NoImprovement,
}

/// <summary>How a run went.</summary>
/// <param name="Last">The last epoch; null when a resumed run had none left.</param>
/// <param name="BestEpoch">From 1: the epoch whose model lies at the top of the run folder.</param>
/// <param name="Skipped">One message for each clip that cannot be decoded.</param>
public sealed record TrainingOutcome(EpochSummary? Last, TrainingEnd End, int BestEpoch, IReadOnlyList<string> Skipped);
