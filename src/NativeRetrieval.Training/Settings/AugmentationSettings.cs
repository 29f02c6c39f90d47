using NativeRetrieval.Core.Ops;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>augmentation</c>; training only.</summary>
public sealed record AugmentationSettings
{
    [Setting("SpecAugment: stripes across time per clip; 0 for none", Min = 0, Max = 64)]
    public int TimeStripes { get; init; } = 2;

    [Setting("SpecAugment: widest time stripe in frames (10 ms), the width being uniform from 0", Min = 0, Max = 100_000)]
    public int TimeStripeFrames { get; init; } = 63;

    [Setting("SpecAugment: stripes across mel bins per clip; 0 for none", Min = 0, Max = 64)]
    public int MelStripes { get; init; } = 2;

    [Setting("SpecAugment: widest mel stripe in bins, the width being uniform from 0", Min = 0, Max = 64)]
    public int MelStripeBins { get; init; } = 7;

    [Setting("each clip is shifted in time by a random amount, its end coming before its start")]
    public bool CircularShift { get; init; }

    [Setting("each clip is made louder or softer by a random number of decibels up to this, uniformly; 0 for none", Min = 0, Max = 60)]
    public double GainDb { get; init; }

    [Setting("of clips longer than audio.max_seconds a random part is used instead of the start; their whole log-mel goes into the feature cache")]
    public bool RandomCrop { get; init; }

    [Setting("share of a batch's items that are heard together with another clip, their captions being joined by 'and'", Min = 0, Max = 1)]
    public double MixShare { get; init; }

    [Setting("mixtures: the other clip is made louder or softer by a random number of decibels up to this, uniformly", Min = 0, Max = 60)]
    public double MixLevelDb { get; init; } = 6;

    /// <summary>The masks as the operation takes them, whose limits are exclusive.</summary>
    public SpecAugmentOptions SpecAugment => new(TimeStripes, TimeStripeFrames + 1, MelStripes, MelStripeBins + 1);
}
