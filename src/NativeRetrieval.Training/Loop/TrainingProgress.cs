using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Training.Loop;

/// <summary>The work that a run is at.</summary>
public enum TrainingPhase
{
    /// <summary>Clips are decoded into the feature cache.</summary>
    Features,

    /// <summary>A teacher embeds the clips that are trained on.</summary>
    Teaching,

    /// <summary>A batch is computed to see what the run will take.</summary>
    Estimate,

    /// <summary>Batches are computed and learned from.</summary>
    Training,

    /// <summary>The validation clips are evaluated.</summary>
    Validation,
}

/// <summary>The progress of a run, reported after every batch or chunk of one, and every few clips.</summary>
/// <param name="Done">Clips of this phase done; in training, pairs of clip and caption.</param>
/// <param name="Total">Clips of this phase; in training, pairs of this epoch.</param>
/// <param name="Epoch">Epoch at hand, from 1; 0 before training.</param>
/// <param name="Loss">Mean loss over this epoch's batches so far; NaN before the first and outside training.</param>
/// <param name="ClipsPerSecond">Throughput since the run was started or resumed.</param>
/// <param name="Remaining">Time left for all epochs with their evaluations and saving; null while unknown.</param>
public sealed record TrainingProgress(TrainingPhase Phase, int Done, int Total, int Epoch, int Epochs, double Loss, double ClipsPerSecond,
    TimeSpan? Remaining);

/// <summary>An epoch that was just completed.</summary>
/// <param name="Validation">Figures of text to audio on the validation data; null without any,
/// or in an epoch that is not evaluated.</param>
/// <param name="InputWait">Share of the epoch's training time that the device waited for batches, 0 … 1.</param>
/// <param name="RankWait">
/// Share of the steps in which it was measured that the first rank waited for others, 0 … 1: steps that are replayed as CUDA graphs tell
/// nothing. 0 where one rank trains alone; null: all were replayed.
/// </param>
/// <param name="IsBest">True where its model now lies at the top of the run folder.</param>
/// <param name="Remaining">Time left for the epochs to come, from the measured times of those done.</param>
public sealed record EpochSummary(int Epoch, int Epochs, double Loss, double LearningRate, double ClipsPerSecond,
    double InputWait, double? RankWait, RankingMetrics? Validation, bool IsBest, TimeSpan Remaining)
{
    /// <summary>Reason why the model of this epoch lies at the top of the run folder, for people; null: it does not.</summary>
    public string? KeptAs =>
        !IsBest ? null : Validation is null ? "last epoch, without validation data" : "best by validation R@1+R@5+R@10";
}
