using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>augmentation</c>; training only.</summary>
public sealed record AugmentationSettings
{
    /// <summary>Stripes of SpecAugment across time per clip; 0 for none.</summary>
    [Setting("SpecAugment: stripes across time per clip; 0 for none", Min = 0, Max = 64)]
    public int TimeStripes { get; init; } = 2;

    /// <summary>Widest time stripe of SpecAugment in frames (10 ms), the width being uniform from 0.</summary>
    [Setting("SpecAugment: widest time stripe in frames (10 ms), the width being uniform from 0", Min = 0, Max = 100_000)]
    public int TimeStripeFrames { get; init; } = 63;

    /// <summary>Stripes of SpecAugment across mel bins per clip; 0 for none.</summary>
    [Setting("SpecAugment: stripes across mel bins per clip; 0 for none", Min = 0, Max = 64)]
    public int MelStripes { get; init; } = 2;

    /// <summary>Widest mel stripe of SpecAugment in bins, the width being uniform from 0.</summary>
    [Setting("SpecAugment: widest mel stripe in bins, the width being uniform from 0", Min = 0, Max = 64)]
    public int MelStripeBins { get; init; } = 7;

    /// <summary>True: each clip is shifted in time by a random amount, its end coming before its start.</summary>
    [Setting("each clip is shifted in time by a random amount, its end coming before its start")]
    public bool CircularShift { get; init; }

    /// <summary>Largest change of a clip's loudness, in decibels, up or down, drawn uniformly; 0 for none.</summary>
    [Setting("each clip is made louder or softer by a random number of decibels up to this, uniformly; 0 for none", Min = 0, Max = 60)]
    public double GainDb { get; init; }

    /// <summary>
    /// Largest change of a clip's tempo, its pitch kept: by a factor from 1 / (1 + this) to 1 + this, log-uniform; 0 for none.
    /// </summary>
    [Setting("each clip is played faster or slower, its pitch kept, by a random factor from 1 / (1 + this) to 1 + this; 0 for none",
        Min = 0, Max = 1)]
    public double WarpTempo { get; init; }

    /// <summary>Largest move of a clip along the mel axis, in bins, up or down, drawn uniformly; 0 for none.</summary>
    [Setting("each clip is moved along the mel axis by a random number of bins up to this, up or down, uniformly; 0 for none",
        Min = 0, Max = 32)]
    public double WarpBins { get; init; }

    /// <summary>
    /// Largest gain of a random filter, in dB, up or down: a gain is drawn uniformly for each of <see cref="FilterKnots"/> places along the
    /// mel axis; 0 for none.
    /// </summary>
    [Setting("each clip passes a random filter, whose gain is drawn uniformly up to so many decibels, up or down, at 4 places along the "
        + "mel axis; 0 for none", Min = 0, Max = 30)]
    public double FilterDb { get; init; }

    /// <summary>
    /// True: of clips longer than <see cref="AudioSettings.MaxSeconds"/> a random part is used instead of the start; their whole log-mel
    /// goes into the feature cache.
    /// </summary>
    [Setting("of clips longer than audio.max_seconds a random part is used instead of the start; their whole log-mel "
        + "goes into the feature cache")]
    public bool RandomCrop { get; init; }

    /// <summary>Share of a batch's items that are heard together with another clip, their captions being joined by 'and'.</summary>
    [Setting("share of a batch's items that are heard together with another clip, their captions being joined by 'and'", Min = 0, Max = 1)]
    public double MixShare { get; init; }

    /// <summary>Largest change of the other clip's loudness in a mixture, in decibels, up or down, drawn uniformly.</summary>
    [Setting("mixtures: the other clip is made louder or softer by a random number of decibels up to this, uniformly", Min = 0, Max = 60)]
    public double MixLevelDb { get; init; } = 6;

    /// <summary>Places along the mel axis at which a random filter's gain is drawn.</summary>
    internal const int FilterKnots = 4;

    /// <summary>The masks as the operation takes them, whose limits are exclusive.</summary>
    public SpecAugmentOptions SpecAugment => new(TimeStripes, TimeStripeFrames + 1, MelStripes, MelStripeBins + 1);
}
