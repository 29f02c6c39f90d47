using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training;

/// <summary>The features that a run trains on and that its model is evaluated on.</summary>
public static class ModelFeatures
{
    public static FeatureSettings Of(TrainingSettings settings) => Of(new RetrievalModelConfig { MaxSeconds = settings.Audio.MaxSeconds });

    /// <summary>Those that a run's training clips are taken from: with random crops the clips are whole.</summary>
    public static FeatureSettings OfTraining(TrainingSettings settings) =>
        settings.Augmentation.RandomCrop ? Of(settings) with { MaximumSamples = null } : Of(settings);

    /// <summary>Frames of a clip of the longest length that a model hears at once.</summary>
    public static int LongestFrames(RetrievalModelConfig config) => Of(config).MaximumSamples!.Value / config.LogMel.HopSamples + 1;

    public static FeatureSettings Of(RetrievalModelConfig config) => new()
    {
        LogMel = config.LogMel,
        Resampler = ResamplerPreset.Parse(config.Resampler),
        MaximumSamples = Math.Max(FeatureSettings.Default.MinimumSamples, (int)Math.Min(int.MaxValue, Math.Round(config.MaxSeconds * config.LogMel.SampleRateHz))),
    };
}
