using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Models;

namespace NativeRetrieval.Evaluation.Features;

/// <summary>The features that a model hears.</summary>
public static class ModelFeatures
{
    /// <summary>The settings of a model's features: its front end, with clips cut at the longest length that it hears at once.</summary>
    public static FeatureSettings Of(RetrievalModelConfig config) =>
        FeatureSettings.Of(config.LogMel, ResamplerPreset.Parse(config.Resampler),
            longest: config.LongestSamples, filled: config.FilledSamples, silenced: config.SilencedSamples);

    /// <summary>Frames of a clip of the longest length that a model hears at once.</summary>
    public static int LongestFrames(RetrievalModelConfig config) => config.LogMel.FramesOf(LongestSamples(config));

    /// <summary>Samples of a clip of the longest length that a model hears at once.</summary>
    public static int LongestSamples(RetrievalModelConfig config) => Of(config).MaximumSamples!.Value;
}
