using NativeRetrieval.Audio.Features;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training;

/// <summary>The features that a run trains on and that its model is evaluated on.</summary>
public static class ModelFeatures
{
    public static FeatureSettings Of(TrainingSettings settings) => Of(new RetrievalModelConfig { MaxSeconds = settings.Audio.MaxSeconds });

    public static FeatureSettings Of(RetrievalModelConfig config) => new()
    {
        LogMel = config.LogMel,
        Resampler = ResamplerPreset.Parse(config.Resampler),
        MaximumSamples = Math.Max(FeatureSettings.Default.MinimumSamples, (int)Math.Min(int.MaxValue, Math.Round(config.MaxSeconds * config.LogMel.SampleRateHz))),
    };
}
