using System.Globalization;
using NativeRetrieval.Encoders;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>The README of a trained model's folder.</summary>
internal static class ModelCard
{
    public static string Write(
        RetrievalModel model, Dataset data, TrainingSettings settings, int epoch, double loss, RankingMetrics? validation)
    {
        var (config, audio, text) = (model.Config, model.Config.AudioEncoder, model.Config.TextEncoder);
        long parameters = model.Parameters().Sum(item => item.Tensor.Count);
        string trained = string.Create(CultureInfo.InvariantCulture,
            $"epoch {epoch} of {settings.Training.Epochs}, mean training loss {loss:F4}, seed {settings.Seed}");
        string space = string.Create(CultureInfo.InvariantCulture, $"{config.EmbeddingDimension} dimensions; {parameters:N0} parameters");
        return string.Create(CultureInfo.InvariantCulture, $"""
            # A NativeRetrieval model

            Finds sounds by sentences: an audio encoder ({audio.Name}, {Sizes(audio)}) and a text encoder
            ({text.Name}, {text.Layers} layers, {text.Width} wide) in one space of {space}.

            Trained on {data.Clips.Count:N0} clips with {data.CaptionCount:N0} captions; {trained}.
            {Scores(validation)}

            ```
            nativeretrieval index FOLDER --model THIS_FOLDER --to sounds.nrx
            nativeretrieval search "a dog is barking" --index sounds.nrx
            ```

            """);
    }

    static string Sizes(AudioEncoderConfig audio) =>
        audio is ConvolutionalEncoderConfig convolutional ? $"widths {string.Join(" ", convolutional.Channels)}" : $"{audio.Width} wide";

    static string Scores(RankingMetrics? validation) => validation is null
        ? "No validation data was given; this is the last epoch's model."
        : string.Create(CultureInfo.InvariantCulture, $"Validation, text to audio: R@1 {validation.R1.Value:F3}, "
            + $"R@5 {validation.R5.Value:F3}, R@10 {validation.R10.Value:F3}, mAP@10 {validation.Map10.Value:F3}.");
}
