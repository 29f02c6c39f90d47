using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Features;

/// <summary>The features that a run trains on and that its model is evaluated on.</summary>
public static class ModelFeatures
{
    /// <param name="start">Whose front end it is, such as pre-trained weights'; null: PANNs' at 32 kHz.</param>
    public static FeatureSettings Of(TrainingSettings settings, RetrievalModelConfig? start = null) =>
        Of((start ?? new()) with { MaxSeconds = settings.Audio.MaxSeconds });

    /// <summary>Those that a run's training clips are taken from: with random crops the clips are whole.</summary>
    /// <inheritdoc cref="Of(TrainingSettings, RetrievalModelConfig?)"/>
    public static FeatureSettings OfTraining(TrainingSettings settings, RetrievalModelConfig? start = null) =>
        settings.Augmentation.RandomCrop ? Of(settings, start) with { MaximumSamples = null } : Of(settings, start);

    /// <summary>Frames of a clip of the longest length that a model hears at once.</summary>
    public static int LongestFrames(RetrievalModelConfig config) => Of(config).MaximumSamples!.Value / config.LogMel.HopSamples + 1;

    public static FeatureSettings Of(RetrievalModelConfig config) => FeatureSettings.Of(config.LogMel, ResamplerPreset.Parse(config.Resampler),
        longest: (int)Math.Min(int.MaxValue, Math.Round(config.MaxSeconds * config.LogMel.SampleRateHz)));
}
