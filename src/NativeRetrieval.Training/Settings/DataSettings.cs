using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Training.Data;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>data</c>.</summary>
public sealed record DataSettings
{
    /// <summary>Content of an epoch: every caption, or every clip with one caption drawn anew.</summary>
    [Setting("an epoch holds every caption, or every clip with one caption drawn anew")]
    public CaptionSampling Captions { get; init; } = CaptionSampling.All;

    /// <summary>
    /// Exponent b by which pairs are drawn in proportion to n⁻ᵇ, n being the number of clips that carry the caption: 0 every pair equally
    /// often, 1 every caption. An epoch's size stays as it is.
    /// </summary>
    [Setting("balance of an epoch: a pair is drawn in proportion to n^-balance, n being the clips that carry its caption; "
        + "0: all pairs equally often, 1: all captions", Min = 0, Max = 1)]
    public double Balance { get; init; }

    /// <summary>
    /// Clips drawn from the training data, by <see cref="HoldOutSeed"/>, for validation instead; the run's holdout.csv lists them; 0: none.
    /// </summary>
    [Setting("clips drawn from the training data, by data.hold_out_seed, for validation instead; the run's holdout.csv lists them; "
        + "0: none", Min = 0, Max = 1e6)]
    public int HoldOutClips { get; init; }

    /// <summary>
    /// Seed by which clips are held out, so that the members of an ensemble, of different seeds, leave out the same; −1: the run's seed.
    /// </summary>
    [Setting("seed by which clips are held out, so that the members of an ensemble, of different seeds, leave out the same; -1: seed",
        Min = -1, Max = long.MaxValue, Before = "-1")]
    public long HoldOutSeed { get; init; }

    /// <summary>Rule for right answers by which validation scores an epoch: that of the evaluation to come.</summary>
    [Setting("right answers by which validation scores an epoch, as in evaluate --relevance: each caption's own clip, or every clip "
        + "that carries the caption")]
    public RelevanceRule Relevance { get; init; } = RelevanceRule.Own;

    /// <summary>
    /// True: clips that have a caption in common count as one clip in the loss, whichever caption they come with; for other
    /// <see cref="LossSettings.Positives"/> than the paper's.
    /// </summary>
    [Setting("clips that have a caption in common count as one clip in the loss, whichever caption they come with; "
        + "for loss.positives other than paper")]
    public bool JoinByCaption { get; init; }
}
