using NativeRetrieval.Encoders;
using NativeRetrieval.Text;

namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Section <c>text</c>. Sizes apply to a text encoder trained from scratch; one initialised from weights keeps the weights' own.
/// </summary>
public sealed record TextSettings
{
    /// <summary>Pooling of the last layer's vectors into one.</summary>
    [Setting("how the last layer becomes one vector")]
    public TextPooling Pooling { get; init; } = TextPooling.Cls;

    /// <summary>Longest caption in tokens, [CLS] and [SEP] included; what follows is cut.</summary>
    [Setting("longest caption in tokens, [CLS] and [SEP] included; what follows is cut", Min = 3, Max = 4096)]
    public int MaxTokens { get; init; } = 512;

    /// <summary>True: the apostrophe, too, becomes a blank when captions are normalised.</summary>
    [Setting("the apostrophe, too, becomes a blank when captions are normalised")]
    public bool ApostropheToBlank { get; init; }

    /// <summary>Dropout on hidden states and attention, the share of values dropped.</summary>
    [Setting("dropout on hidden states and attention, the share of values dropped", Min = 0, Max = 0.95)]
    public double Dropout { get; init; } = 0.2;

    /// <summary>Width of a BERT trained from scratch; a multiple of <see cref="Heads"/>.</summary>
    [Setting("width of a BERT trained from scratch; a multiple of text.heads", Min = 1, Max = 8192)]
    public int HiddenWidth { get; init; } = 768;

    /// <summary>Layers of a BERT trained from scratch.</summary>
    [Setting("layers of a BERT trained from scratch", Min = 1, Max = 96)]
    public int Layers { get; init; } = 12;

    /// <summary>Attention heads of a BERT trained from scratch.</summary>
    [Setting("attention heads of a BERT trained from scratch", Min = 1, Max = 256)]
    public int Heads { get; init; } = 12;

    /// <summary>Feed-forward width of a BERT trained from scratch.</summary>
    [Setting("feed-forward width of a BERT trained from scratch", Min = 1, Max = 65536)]
    public int FeedForwardWidth { get; init; } = 3072;

    /// <summary>The rule that captions and queries go through.</summary>
    public CaptionNormalizer Normalizer => ApostropheToBlank ? CaptionNormalizer.ReportAndApostrophe : CaptionNormalizer.Report;
}
