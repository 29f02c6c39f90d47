using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// RoBERTa (Liu et al. 2019): BERT of one segment whose positions are counted from <see cref="BertConfig.PaddingId"/> + 1 over the tokens
/// that are not padding, and from the ids, not from the mask: a padding token inside a sentence has the position of padding and is not
/// counted. The defaults are roberta-base with the report's dropout.
/// </summary>
public sealed record RobertaConfig : BertConfig
{
    internal new const string Key = "roberta";

    /// <summary>The published form.</summary>
    public RobertaConfig() =>
        (VocabularySize, MaxPositions, Segments, LayerNormEpsilon, PaddingId) = (50265, 514, 1, 1e-5, 1);

    /// <summary>RoBERTa.</summary>
    public static TextArchitecture Roberta { get; } = new(Key, "RoBERTa", "RobertaModel", () => new RobertaConfig());

    /// <inheritdoc/>
    [JsonIgnore]
    public override TextArchitecture Architecture => Roberta;

    /// <inheritdoc/>
    [JsonIgnore]
    public override int MaxTokens => MaxPositions - FirstPosition;

    /// <inheritdoc/>
    public override void Validate()
    {
        if (PaddingId < 0 || PaddingId >= Math.Min(VocabularySize, MaxPositions))
            throw new OptionException($"{Name}'s padding id has a row in both tables of {VocabularySize} tokens and {MaxPositions} "
                + $"positions, got {PaddingId}");
        base.Validate();
    }

    internal override int? PaddingPosition => PaddingId;

    int FirstPosition => (PaddingId ?? -1) + 1;

    internal override void PlacePositions(ReadOnlySpan<int> ids, Span<int> positions)
    {
        int next = FirstPosition;
        for (int i = 0; i < ids.Length; i++) positions[i] = ids[i] == PaddingId ? PaddingId.Value : next++;
    }
}

[JsonDerivedType(typeof(RobertaConfig), RobertaConfig.Key)]
public partial record BertConfig;
