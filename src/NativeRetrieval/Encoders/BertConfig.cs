using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// Sizes and choices of a <see cref="BertEncoder"/>. The defaults are bert-base-uncased with the report's dropout of 0.2. Other text
/// encoders are of BERT's layers; each one's file adds its configuration, and in files <c>type</c> is its
/// <see cref="TextArchitecture.Key"/>, left out for BERT itself.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = TypeKey)]
public partial record BertConfig
{
    /// <summary>Far beyond any real model.</summary>
    const int LargestSize = 10_000_000, MostLayers = 1000;

    internal const string TypeKey = "type", Key = "bert";

    /// <summary>Kind of encoder.</summary>
    [JsonIgnore]
    public virtual TextArchitecture Architecture => BertEncoder.Architecture;

    /// <summary>Name in the literature, such as BERT.</summary>
    [JsonIgnore]
    public string Name => Architecture.Name;

    /// <summary>Rows of the word embedding table.</summary>
    public int VocabularySize { get; init; } = 30522;

    /// <summary>Width of token and sentence vectors; a multiple of <see cref="Heads"/>.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Number of layers.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Attention heads of a layer.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width between the two linear layers after attention.</summary>
    public int HiddenWidth { get; init; } = 3072;

    /// <summary>Rows of the position embedding table.</summary>
    public int MaxPositions { get; init; } = 512;

    /// <summary>Most tokens of one sentence: the rows of the position table that a sentence can use.</summary>
    [JsonIgnore]
    public virtual int MaxTokens => MaxPositions;

    /// <summary>Rows of the segment embedding table, of which a single sentence uses the first.</summary>
    public int Segments { get; init; } = 2;

    /// <summary>Number that a layer norm adds to the variance, in (0, 1).</summary>
    public double LayerNormEpsilon { get; init; } = 1e-12;

    /// <summary>Dropout after the embeddings and after each half of a layer, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Dropout of attention weights, in [0, 1).</summary>
    public double AttentionDropout { get; init; } = 0.2;

    /// <summary>Standard deviation of starting values for training from scratch.</summary>
    public double InitialDeviation { get; init; } = 0.02;

    /// <summary>Id of the padding token, whose embedding starts at 0; null: none.</summary>
    public int? PaddingId { get; init; } = 0;

    /// <summary>Pooling of the vectors of a sentence's tokens.</summary>
    public TextPooling Pooling { get; init; } = TextPooling.Cls;

    /// <summary>Reads a Hugging Face <c>config.json</c>. Pooling is not in it: it stays <see cref="TextPooling.Cls"/>.</summary>
    /// <exception cref="CorruptFileException">It is no JSON, lacks a size, or describes another architecture than those of
    /// <see cref="TextArchitecture.All"/>.</exception>
    /// <exception cref="FileReadException">There is no such file.</exception>
    public static BertConfig Read(string path)
    {
        using var document = JsonFile.Open(path);
        var json = new JsonConfig(path, document.RootElement);
        var config = TextArchitecture.Of(json).Published.WithSizes(json);
        try
        {
            config.Validate();
        }
        catch (OptionException e)
        {
            throw new CorruptFileException(path, e.Message, e);
        }
        return config;
    }

    /// <summary>The configuration with the values of a Hugging Face <c>config.json</c>.</summary>
    /// <exception cref="CorruptFileException">A size is absent, or a choice is not computed here.</exception>
    internal virtual BertConfig WithSizes(JsonConfig json)
    {
        json.Expect("hidden_act", "gelu");
        json.Expect("position_embedding_type", "absolute");
        return this with
        {
            VocabularySize = json.Integer("vocab_size"),
            Width = json.Integer("hidden_size"),
            Layers = json.Integer("num_hidden_layers"),
            Heads = json.Integer("num_attention_heads"),
            HiddenWidth = json.Integer("intermediate_size"),
            MaxPositions = json.Integer("max_position_embeddings"),
            Segments = json.Integer("type_vocab_size", 2),
            LayerNormEpsilon = json.Number("layer_norm_eps", 1e-12),
            Dropout = json.Number("hidden_dropout_prob", 0.1),
            AttentionDropout = json.Number("attention_probs_dropout_prob", 0.1),
            InitialDeviation = json.Number("initializer_range", 0.02),
            PaddingId = json.OptionalInteger("pad_token_id"),
        };
    }

    /// <summary>Row of the position table for each token of a sentence.</summary>
    /// <param name="ids">Ids of the sentence's own tokens.</param>
    internal virtual void PlacePositions(ReadOnlySpan<int> ids, Span<int> positions)
    {
        for (int i = 0; i < ids.Length; i++) positions[i] = i;
    }

    /// <summary>Row of the position table that padding has and that is not learned; null: none.</summary>
    internal virtual int? PaddingPosition => null;

    /// <summary>The content of a Hugging Face <c>config.json</c>.</summary>
    public virtual JsonObject ToJson() => new()
    {
        ["architectures"] = new JsonArray(Architecture.HuggingFaceClass),
        ["model_type"] = Architecture.Key,
        ["vocab_size"] = VocabularySize,
        ["hidden_size"] = Width,
        ["num_hidden_layers"] = Layers,
        ["num_attention_heads"] = Heads,
        ["intermediate_size"] = HiddenWidth,
        ["hidden_act"] = "gelu",
        ["max_position_embeddings"] = MaxPositions,
        ["position_embedding_type"] = "absolute",
        ["type_vocab_size"] = Segments,
        ["layer_norm_eps"] = LayerNormEpsilon,
        ["hidden_dropout_prob"] = Dropout,
        ["attention_probs_dropout_prob"] = AttentionDropout,
        ["initializer_range"] = InitialDeviation,
        ["pad_token_id"] = PaddingId,
    };

    /// <exception cref="OptionException">A value is outside its range.</exception>
    public virtual void Validate()
    {
        Size(VocabularySize, "vocabulary size");
        Size(Width, "width");
        if (Layers is < 1 or > MostLayers)
            throw new OptionException($"{Name}'s number of layers must be 1 … {MostLayers:N0}, got {Layers}");
        Size(Heads, "number of heads");
        Size(HiddenWidth, "hidden width");
        Size(Segments, "number of segments");
        if (MaxPositions > LargestSize || MaxTokens < 2)
            throw new OptionException($"{Name}'s longest sentence must have room for [CLS] and [SEP] and end by {LargestSize:N0} "
                + $"positions, got {MaxPositions} positions");
        if (Width % Heads != 0) throw new OptionException($"{Name}'s width must be a multiple of its heads, got {Width} and {Heads}");
        if (Dropout is not (>= 0 and < 1)) throw new OptionException($"{Name}'s dropout must be in [0, 1), got {Dropout}");
        if (AttentionDropout is not (>= 0 and < 1))
            throw new OptionException($"{Name}'s attention dropout must be in [0, 1), got {AttentionDropout}");
        if (LayerNormEpsilon is not (> 0 and < 1))
            throw new OptionException($"{Name}'s layer norm epsilon must be in (0, 1), got {LayerNormEpsilon}");
        if (InitialDeviation is not (>= 0 and < 100))
            throw new OptionException($"{Name}'s initial deviation must be in [0, 100), got {InitialDeviation}");

        void Size(int value, string what)
        {
            if (value is < 1 or > LargestSize) throw new OptionException($"{Name}'s {what} must be 1 … {LargestSize:N0}, got {value}");
        }
    }
}

/// <summary>Pooling of the vectors of a sentence's tokens into one.</summary>
public enum TextPooling : byte
{
    /// <summary>The last layer's vector of [CLS], as in the report.</summary>
    Cls,

    /// <summary>The mean over the sentence's own tokens, [CLS] and [SEP] included, as in sentence-transformers.</summary>
    Mean,

    /// <summary><c>tanh(W·x + b)</c> of the last layer's vector of [CLS], a layer of the encoder: <c>pooler.dense</c>.</summary>
    Pooler,
}
