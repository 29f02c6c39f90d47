using NativeRetrieval.Training.Data;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>data</c>.</summary>
public sealed record DataSettings
{
    /// <summary>Content of an epoch: every caption, or every clip with one caption drawn anew.</summary>
    [Setting("an epoch holds every caption, or every clip with one caption drawn anew")]
    public CaptionSampling Captions { get; init; } = CaptionSampling.All;

    /// <summary>
    /// Clips drawn from the training data, by the seed, for validation instead; the run's holdout.csv lists them; 0: none.
    /// </summary>
    [Setting("clips drawn from the training data, by the seed, for validation instead; the run's holdout.csv lists them; 0: none",
        Min = 0, Max = 1e6)]
    public int HoldOutClips { get; init; }

    /// <summary>
    /// True: clips that have a caption in common count as one clip in the loss, whichever caption they come with; for other
    /// <see cref="LossSettings.Positives"/> than the paper's.
    /// </summary>
    [Setting("clips that have a caption in common count as one clip in the loss, whichever caption they come with; "
        + "for loss.positives other than paper")]
    public bool JoinByCaption { get; init; }
}
