using NativeRetrieval.Models;
using NativeRetrieval.Text;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>
/// Settings that the models of one published form have in common and their weights do not show. Where the form comes with a configuration
/// file of its own, that holds before.
/// </summary>
sealed record FormSettings
{
    /// <summary>Name of the front end; null: the one that the checkpoint stores, else 32k.</summary>
    public string? FrontEnd { get; init; }

    /// <summary>Longest stretch of a recording, seconds.</summary>
    public double MaxSeconds { get; init; } = new RetrievalModelConfig().MaxSeconds;

    /// <summary>Filling of shorter clips.</summary>
    public ShortClipRule ShortClips { get; init; }

    /// <summary>Filling of a batch of clips of different lengths, in training and in evaluation.</summary>
    public PaddingRule Padding { get; init; }

    /// <summary>Pairs of a batch that <see cref="PaddingRule.Paper"/> fills; null for the other rules.</summary>
    public int? PaddedBatch { get; init; }

    /// <summary>Most tokens of a caption.</summary>
    public int MaxTokens { get; init; } = new RetrievalModelConfig().MaxTokens;

    /// <summary>Epsilon of the text encoder's norms; null: the encoder's usual one.</summary>
    public double? TextEpsilon { get; init; }

    /// <summary>Rule for captions.</summary>
    public CaptionRule Captions { get; init; }

    /// <summary>True where Hugging Face's <c>config.json</c> and <c>preprocessor_config.json</c> of CLAP lie beside the weights.</summary>
    public bool ClapConfig { get; init; }

    /// <summary>The rule itself.</summary>
    public CaptionNormalizer Normalizer => Captions switch
    {
        CaptionRule.Unchanged => CaptionNormalizer.Unchanged,
        CaptionRule.WavCaps => CaptionNormalizer.WavCaps,
        _ => CaptionNormalizer.Report,
    };
}

/// <summary>Caption rules by name.</summary>
enum CaptionRule : byte
{
    Report,
    Unchanged,
    WavCaps,
}

/// <summary>Whole numbers that some programs save beside the weights and that follow from sizes.</summary>
enum BufferKind : byte
{
    /// <summary>0, 1, 2 …</summary>
    Positions,

    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>Row of the bias table for each pair of tokens of a window: Swin's relative positions.</summary>
    RelativePositions,

    /// <summary>Batches seen in training: any number, which is kept.</summary>
    Count,
}
