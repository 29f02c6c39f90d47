using System.Globalization;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Encoders;
using NativeRetrieval.Text;

namespace NativeRetrieval.Models;

/// <summary>Everything besides weights and vocabulary that decides what a model computes: the content of <c>config.json</c>.</summary>
public sealed record RetrievalModelConfig
{
    /// <summary>The <c>model_type</c> of such folders.</summary>
    public const string Kind = "nativeretrieval";
    /// <summary>The newest form that this program reads and the one that it writes.</summary>
    public const int NewestSchema = 1;

    const int LargestWidth = 65_536;

    /// <summary>Kind of folder; always <see cref="Kind"/>.</summary>
    public string ModelType { get; init; } = Kind;

    /// <summary>Version of the file's form; 1 … <see cref="NewestSchema"/>.</summary>
    public int SchemaVersion { get; init; } = NewestSchema;

    /// <summary>Sizes and choices of the audio encoder.</summary>
    public AudioEncoderConfig AudioEncoder { get; init; } = new Cnn14Config();

    /// <summary>Sizes and choices of the text encoder.</summary>
    public BertConfig TextEncoder { get; init; } = new();

    /// <summary>Hidden width of the audio head; 2048 in the report. 0: no head, the encoder's vector is the embedding.</summary>
    public int AudioHeadWidth { get; init; } = 2048;

    /// <summary>Hidden width of the text head; 2048 in the report. 0: no head, the encoder's vector is the embedding.</summary>
    public int TextHeadWidth { get; init; } = 2048;

    /// <summary>Dimension of the space that sounds and sentences share; 1024 in the report.</summary>
    public int EmbeddingDimension { get; init; } = 1024;

    /// <summary>Front end of the audio encoder.</summary>
    public LogMelSettings LogMel { get; init; } = new();

    /// <summary>Name of the resampler that the training audio went through.</summary>
    public string Resampler { get; init; } = "high";

    /// <summary>Filling of a batch of clips of different lengths, in training and in evaluation.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<PaddingRule>))]
    public PaddingRule Padding { get; init; } = PaddingRule.OwnLength;

    /// <summary>
    /// Pairs of a training batch, up to whose longest clip the others are filled by <see cref="PaddingRule.Paper"/>; null: 32, as the
    /// report has it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PaddedBatch { get; init; }

    /// <summary>Filling of a clip or window that is shorter than <see cref="MaxSeconds"/>.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<ShortClipRule>)), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ShortClipRule ShortClips { get; init; }

    /// <summary>
    /// The longest stretch the model was trained on, and so the length of the windows that recordings are cut into; seconds.
    /// </summary>
    public double MaxSeconds { get; init; } = 30;

    /// <summary>Normalization of captions and queries before they are tokenized.</summary>
    public CaptionNormalizer Captions { get; init; } = CaptionNormalizer.Report;

    /// <summary>Factors that a contrastive model learned for its cosines; null: it learned none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LogitScale? LogitScale { get; init; }

    /// <summary>Longest caption in tokens, [CLS] and [SEP] included.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary><see cref="MaxSeconds"/> in samples.</summary>
    [JsonIgnore]
    public int LongestSamples => (int)Math.Min(int.MaxValue, Math.Round(MaxSeconds * LogMel.SampleRateHz));

    /// <summary>Samples up to which shorter clips are repeated; null: they are not.</summary>
    [JsonIgnore]
    public int? FilledSamples => ShortClips == ShortClipRule.Repeat ? LongestSamples : null;

    /// <summary>Samples up to which shorter clips are followed by silence, whatever their batch; null: they are not.</summary>
    [JsonIgnore]
    public int? SilencedSamples => Padding == PaddingRule.Window ? LongestSamples : null;

    /// <summary>A sentence for model cards about recordings that are longer or shorter than <see cref="MaxSeconds"/>.</summary>
    [JsonIgnore]
    public string WindowRule => string.Create(CultureInfo.InvariantCulture, $"Recordings longer than {MaxSeconds} s are heard in windows "
        + $"of {MaxSeconds} s with their times, one every {MaxSeconds / 2} s by default; shorter ones are "
        + $"{ShorterOnes}.");

    string ShorterOnes => ShortClips == ShortClipRule.Repeat ? "repeated up to that" : Padding switch
    {
        PaddingRule.Window => "followed by silence up to that",
        PaddingRule.Paper => "heard in their own length, but in training and evaluation with silence up to the longest of their batch",
        _ => "heard in their own length",
    };

    /// <exception cref="OptionException">A value is outside its range.</exception>
    public void Validate()
    {
        if (ModelType != Kind) throw new OptionException($"model_type is '{ModelType}', expected '{Kind}'");
        if (SchemaVersion is < 1 or > NewestSchema)
            throw new OptionException($"schema_version is {SchemaVersion}; this program reads up to {NewestSchema}: use a newer one");
        AudioEncoder.Validate();
        TextEncoder.Validate();
        LogMel.Validate();
        LogitScale?.Validate();
        if (AudioHeadWidth is < 0 or > LargestWidth || TextHeadWidth is < 0 or > LargestWidth || EmbeddingDimension is < 1 or > LargestWidth)
            throw new OptionException($"head widths must be 0 … {LargestWidth:N0} and the embedding dimension 1 … {LargestWidth:N0}, "
                + $"got {AudioHeadWidth}, {TextHeadWidth} and {EmbeddingDimension}");
        Headless(AudioHeadWidth, AudioEncoder.Width, "audio");
        Headless(TextHeadWidth, TextEncoder.Width, "text");
        if (AudioEncoder.MelBins != LogMel.MelBins)
            throw new OptionException($"the audio encoder takes {AudioEncoder.MelBins} mel bins, the front end makes {LogMel.MelBins}");
        if (MaxSeconds is not (> 0 and <= 3600))
            throw new OptionException($"max_seconds must be above 0 and at most 3600, got {MaxSeconds}");
        if (AudioEncoder.MostFrames is { } most && LogMel.FramesOf(LongestSamples) is var frames && frames > most)
            throw new OptionException($"max_seconds is {MaxSeconds}, which are {frames} frames; {AudioEncoder.Name} takes at most {most}, "
                + $"{Math.Floor((most - 1.0) * LogMel.HopSamples / LogMel.SampleRateHz)} whole seconds (in training: audio.max_seconds)");
        if (PaddedBatch is < 2 or > LargestWidth)
            throw new OptionException($"padded_batch must be 2 … {LargestWidth:N0} pairs, got {PaddedBatch}");
        if (MaxTokens < 3 || MaxTokens > TextEncoder.MaxTokens)
            throw new OptionException($"max_tokens must be 3 … {TextEncoder.MaxTokens}, the text encoder's positions; got {MaxTokens}");
    }

    /// <summary>Without a head the encoder's vector is the embedding, so that their widths are one.</summary>
    void Headless(int headWidth, int encoderWidth, string side)
    {
        if (headWidth == 0 && encoderWidth != EmbeddingDimension)
            throw new OptionException($"{side}_head_width is 0, so that the {side} encoder's vector of {encoderWidth:N0} values is the "
                + $"embedding, but embedding_dimension is {EmbeddingDimension:N0}: make it {encoderWidth:N0}, or give the head a width");
    }
}

/// <summary>Filling of a batch of clips of different lengths.</summary>
public enum PaddingRule : byte
{
    /// <summary>
    /// Nothing that could be heard: frames behind a clip's end are masked at every depth, and the vector is the clip's alone.
    /// </summary>
    OwnLength,

    /// <summary>
    /// Digital silence up to the batch's longest clip, as the report's authors have Clotho's; the vector depends on the batch.
    /// </summary>
    Paper,

    /// <summary>
    /// Digital silence up to <see cref="RetrievalModelConfig.MaxSeconds"/>, as the report's authors have AudioCaps' clips; the vector is
    /// the clip's alone.
    /// </summary>
    Window,
}

/// <summary>Filling of clips that are shorter than a model's window.</summary>
public enum ShortClipRule : byte
{
    /// <summary>None but zeros up to 64 frames: the model hears the clip in its own length.</summary>
    OwnLength,

    /// <summary>
    /// The whole window, always: the clip is repeated as often as it fits in whole, and zeros follow (LAION's CLAP, <c>repeatpad</c>).
    /// </summary>
    Repeat,
}
