using NativeRetrieval.Encoders;
using NativeRetrieval.Text;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>text</c>. Sizes apply to a text encoder trained from scratch; one initialised from weights keeps the weights' own.</summary>
public sealed record TextSettings
{
    [Setting("how the last layer becomes one vector")]
    public TextPooling Pooling { get; init; } = TextPooling.Cls;

    [Setting("longest caption in tokens, [CLS] and [SEP] included; what follows is cut", Min = 3, Max = 4096)]
    public int MaxTokens { get; init; } = 512;

    [Setting("the apostrophe, too, becomes a blank when captions are normalised")]
    public bool ApostropheToBlank { get; init; }

    [Setting("dropout on hidden states and attention, the share of values dropped", Min = 0, Max = 0.95)]
    public double Dropout { get; init; } = 0.2;

    [Setting("width of a BERT trained from scratch; a multiple of text.heads", Min = 1, Max = 8192)]
    public int HiddenWidth { get; init; } = 768;

    [Setting("layers of a BERT trained from scratch", Min = 1, Max = 96)]
    public int Layers { get; init; } = 12;

    [Setting("attention heads of a BERT trained from scratch", Min = 1, Max = 256)]
    public int Heads { get; init; } = 12;

    [Setting("feed-forward width of a BERT trained from scratch", Min = 1, Max = 65536)]
    public int FeedForwardWidth { get; init; } = 3072;

    /// <summary>The rule that captions and queries go through.</summary>
    public CaptionNormalizer Normalizer => ApostropheToBlank ? CaptionNormalizer.ReportAndApostrophe : CaptionNormalizer.Report;
}
