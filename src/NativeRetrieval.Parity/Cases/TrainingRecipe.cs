using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Nn.Optimizers;

namespace NativeRetrieval.Parity.Cases;

/// <summary>
/// Sizes and settings of a golden training run: those of its tensors, and the rest as the note in its metadata states it.
/// </summary>
/// <param name="BatchSize">Items of a step; step s takes the items from s · <paramref name="BatchSize"/> on, and after the last the first
/// again.</param>
/// <param name="Rate">Adam's step size.</param>
sealed record TrainingRecipe(RetrievalModelConfig Model, int BatchSize, double Rate, AdamOptions Adam)
{
    const string Key = "note", Real = @"(\d[\d.]*(?:e-?\d+)?)";

    /// <param name="text">The text encoder; null: the one that the note describes.</param>
    public static TrainingRecipe Read(SafetensorsFile golden, BertConfig? text = null)
    {
        int mels = golden.Sizes("logmel")[^1];
        var audio = new Cnn14Config { MelBins = mels, Dropout = 0 };
        if (golden.FindNumbers(Key, @"CNN14 with widths(?:[ ,]+(\d+))+") is { } widths)
            audio = audio with { Channels = [.. widths.Select(width => (int)width)] };
        text ??= Bert(golden);
        double[] heads = golden.Numbers(Key, @"heads \d+->(\d+)->\d+ and \d+->(\d+)->\d+");
        var model = new RetrievalModelConfig
        {
            AudioEncoder = audio,
            TextEncoder = text with { Dropout = 0, AttentionDropout = 0 },
            AudioHeadWidth = (int)heads[0],
            TextHeadWidth = (int)heads[1],
            EmbeddingDimension = golden.Sizes("final_audio_embedding")[1],
            MaxTokens = text.MaxPositions,
        };
        model = model with { LogMel = model.LogMel with { MelBins = mels } };
        var adam = new AdamOptions(Epsilon: golden.Numbers(Key, "eps " + Real)[0],
            MaxGradientNorm: golden.Numbers(Key, "clipped at " + Real)[0]);
        return new(model, (int)golden.Numbers(Key, @"\((\d+) ?\* ?step")[0], golden.Numbers(Key, "lr " + Real)[0], adam);
    }

    static BertConfig Bert(SafetensorsFile golden)
    {
        double[] sizes = golden.Numbers(Key, @"BERT\((\d+) wide, (\d+) layers?, (\d+) heads?, (\d+), vocab (\d+), (\d+) positions\)");
        return new()
        {
            Width = (int)sizes[0], Layers = (int)sizes[1], Heads = (int)sizes[2], HiddenWidth = (int)sizes[3],
            VocabularySize = (int)sizes[4], MaxPositions = (int)sizes[5],
        };
    }
}
