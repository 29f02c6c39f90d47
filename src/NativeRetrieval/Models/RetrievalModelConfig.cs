using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Encoders;
using NativeRetrieval.Text;

namespace NativeRetrieval.Models;

/// <summary>Everything besides weights and vocabulary that decides what a model computes: the content of <c>config.json</c>.</summary>
public sealed record RetrievalModelConfig
{
    public const string Kind = "nativeretrieval";
    public const int NewestSchema = 1;

    public string ModelType { get; init; } = Kind;

    public int SchemaVersion { get; init; } = NewestSchema;

    public AudioEncoderConfig AudioEncoder { get; init; } = new Cnn14Config();

    public BertConfig TextEncoder { get; init; } = new();

    /// <summary>Hidden width of the audio head; 2048 in the report.</summary>
    public int AudioHeadWidth { get; init; } = 2048;

    /// <summary>Hidden width of the text head; 2048 in the report.</summary>
    public int TextHeadWidth { get; init; } = 2048;

    /// <summary>Dimension of the space that sounds and sentences share; 1024 in the report.</summary>
    public int EmbeddingDimension { get; init; } = 1024;

    public LogMelSettings LogMel { get; init; } = new();

    /// <summary>Name of the resampler that the training audio went through.</summary>
    public string Resampler { get; init; } = "high";

    [JsonConverter(typeof(JsonStringEnumConverter<PaddingRule>))]
    public PaddingRule Padding { get; init; } = PaddingRule.OwnLength;

    /// <summary>The longest stretch the model was trained on, and so the length of the windows that recordings are cut into; seconds.</summary>
    public double MaxSeconds { get; init; } = 30;

    /// <summary>What captions go through before they are tokenized; queries go through the same.</summary>
    public CaptionNormalizer Captions { get; init; } = CaptionNormalizer.Report;

    /// <summary>Longest caption in tokens, [CLS] and [SEP] included.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <exception cref="OptionException">A value is outside its range.</exception>
    public void Validate()
    {
        if (ModelType != Kind) throw new OptionException($"model_type is '{ModelType}', expected '{Kind}'");
        if (SchemaVersion is < 1 or > NewestSchema)
            throw new OptionException($"schema_version is {SchemaVersion}; this program reads up to {NewestSchema}: use a newer one");
        AudioEncoder.Validate();
        TextEncoder.Validate();
        LogMel.Validate();
        if (AudioHeadWidth < 1 || TextHeadWidth < 1 || EmbeddingDimension < 1)
            throw new OptionException($"head widths and the embedding dimension must be at least 1, got {AudioHeadWidth}, {TextHeadWidth} and {EmbeddingDimension}");
        if (AudioEncoder.MelBins != LogMel.MelBins)
            throw new OptionException($"the audio encoder takes {AudioEncoder.MelBins} mel bins, the front end makes {LogMel.MelBins}");
        if (MaxSeconds is not (> 0 and <= 3600)) throw new OptionException($"max_seconds must be above 0 and at most 3600, got {MaxSeconds}");
        if (MaxTokens < 3 || MaxTokens > TextEncoder.MaxPositions)
            throw new OptionException($"max_tokens must be 3 … {TextEncoder.MaxPositions}, the text encoder's positions; got {MaxTokens}");
    }
}
