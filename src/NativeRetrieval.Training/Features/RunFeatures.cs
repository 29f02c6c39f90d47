using NativeRetrieval.Audio.Features;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Features;

/// <summary>The features that a run trains on and that its model is evaluated on.</summary>
public static class RunFeatures
{
    /// <summary>The features of the clips that are trained on; with random crops the clips are whole.</summary>
    /// <param name="start">Model whose front end is used, such as that of pre-trained weights; null: PANNs' at 32 kHz.</param>
    public static FeatureSettings OfTraining(TrainingSettings settings, RetrievalModelConfig? start = null) =>
        settings.Augmentation.RandomCrop ? OfValidation(settings, start) with { MaximumSamples = null } : OfValidation(settings, start);

    /// <summary>The features of the clips that are evaluated on; longer clips are cut at <see cref="AudioSettings.MaxSeconds"/>.</summary>
    /// <inheritdoc cref="OfTraining"/>
    public static FeatureSettings OfValidation(TrainingSettings settings, RetrievalModelConfig? start = null) =>
        ModelFeatures.Of((start ?? new()) with { MaxSeconds = settings.Audio.MaxSeconds, Padding = settings.Audio.Padding });
}
