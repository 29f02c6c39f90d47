using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Training.Loop;

/// <summary>What a run is doing.</summary>
public enum TrainingPhase
{
    /// <summary>Decoding sounds into the feature cache.</summary>
    Features,

    /// <summary>Computing a batch to see what the run will take.</summary>
    Estimate,
    Training,
    Validation,
}

/// <summary>Where a run stands; reported after every batch or chunk of one, and every few clips.</summary>
/// <param name="Done">Clips, in training pairs, of this phase done.</param>
/// <param name="Total">Clips, in training pairs of this epoch, of this phase.</param>
/// <param name="Epoch">From 1; 0 before training.</param>
/// <param name="Loss">Mean over this epoch's batches so far; NaN before the first and outside training.</param>
/// <param name="ClipsPerSecond">Since the run was started or resumed.</param>
/// <param name="Remaining">Estimate for the phase, or in training for all epochs; null while unknown.</param>
public sealed record TrainingProgress(TrainingPhase Phase, int Done, int Total, int Epoch, int Epochs, double Loss, double ClipsPerSecond, TimeSpan? Remaining);

/// <summary>An epoch that was just completed.</summary>
/// <param name="Validation">Null without validation data, or in an epoch that is not evaluated.</param>
/// <param name="IsBest">Its model now lies at the top of the run folder.</param>
public sealed record EpochSummary(int Epoch, int Epochs, double Loss, double LearningRate, double ClipsPerSecond, RankingMetrics? Validation, bool IsBest);
