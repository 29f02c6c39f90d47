using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Text;

namespace NativeRetrieval.Encoders;

/// <summary>
/// BERT (Devlin et al. 2019) without heads: from token ids to one vector per sentence. A sentence's vector does not depend on the other
/// sentences of the batch or on padding. Names are Hugging Face's without prefix: <c>embeddings.word_embeddings.weight</c>,
/// <c>encoder.layer.0.attention.self.query.weight</c> … The configuration says what other encoders of these layers do otherwise.
/// </summary>
public sealed class BertEncoder : Module
{
    /// <summary>Places that sentences are filled up to a multiple of.</summary>
    const int WidthMultiple = 16;

    readonly BertEmbeddings _embeddings;
    readonly BertLayer[] _layers;
    readonly BertPooler? _pooler;

    /// <param name="random">Starting values are drawn from it; null: zeros, for weights read from a file.</param>
    /// <param name="dtype">float32, or float64 for checks.</param>
    /// <exception cref="OptionException">A value of <paramref name="config"/> is outside its range.</exception>
    public BertEncoder(BertConfig config, Device device, PhiloxSequence? random, DType dtype = DType.Float32)
    {
        config.Validate();
        Config = config;
        _embeddings = Child("embeddings", new BertEmbeddings(config, device, dtype, random));
        _layers = new BertLayer[config.Layers];
        for (int i = 0; i < _layers.Length; i++) _layers[i] = Child($"encoder.layer.{i}", new BertLayer(config, device, dtype, random));
        if (config.Pooling == TextPooling.Pooler) _pooler = Child("pooler", new BertPooler(config, device, dtype, random));
    }

    /// <summary>BERT itself.</summary>
    public static TextArchitecture Architecture { get; } = new(BertConfig.Key, "BERT", "BertModel", () => new BertConfig());

    /// <summary>Sizes and choices that the encoder was built from.</summary>
    public BertConfig Config { get; }

    /// <summary>Embeddings, then layer by layer, the pooler with the last: the order in which layers are frozen by depth.</summary>
    public IReadOnlyList<Module> Stages => _pooler is null ? [_embeddings, .. _layers] : [_embeddings, .. _layers, _pooler];

    /// <summary>Numbers in which the linear layers of <see cref="Stages"/> multiply, the pooler's apart.</summary>
    public TextPrecision Precision { get; private set; }

    /// <summary>Width of the vectors.</summary>
    public int Width => Config.Width;

    /// <summary>
    /// Rounds the weights of the layers' linear layers to 8 bits and frees them, a layer at a time: <see cref="TextPrecision.Int8"/>. From
    /// then on the encoder serves evaluation alone; it can be neither trained nor saved.
    /// </summary>
    /// <exception cref="OptionException">The encoder is on a GPU.</exception>
    /// <exception cref="NativeRetrievalException">A weight is NaN or infinite.</exception>
    public void ToInt8()
    {
        foreach (var layer in _layers) layer.ToInt8();
        Precision = TextPrecision.Int8;
    }

    /// <summary>One vector per sentence, pooled as the configuration says.</summary>
    /// <param name="pass">Null for evaluation.</param>
    /// <returns>[B, Width].</returns>
    /// <exception cref="ShapeException">
    /// A sentence is empty or longer than the position table, or an id is outside the vocabulary.
    /// </exception>
    public Tensor Forward(TokenBatch batch, TrainingPass? pass = null)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Forward(Place(batch, pass is not null), pass));
    }

    /// <summary>
    /// Puts the tokens of a batch on the encoder's device. In training, and wherever few sizes are wanted, sentences have a multiple of
    /// 16 places, which also number dropout's draws on attention: they are the same on all devices.
    /// </summary>
    /// <exception cref="ShapeException">
    /// A sentence is empty or longer than the position table, or an id is outside the vocabulary.
    /// </exception>
    public SentenceInputs Place(TokenBatch batch, bool training)
    {
        Check(batch);
        return TokenLayout.Place(batch, Config, _embeddings.Device, training || _embeddings.Device.RowMultiple > 1 ? WidthMultiple : 1);
    }

    /// <summary>One vector per sentence, pooled as the configuration says; nothing is uploaded.</summary>
    /// <param name="sentences">The result of <see cref="Place"/>.</param>
    /// <param name="pass">Null for evaluation.</param>
    /// <returns>[B, Width].</returns>
    public Tensor Forward(SentenceInputs sentences, TrainingPass? pass = null)
    {
        using var scope = TensorScope.Begin();
        var tokens = new TokenLayout(sentences);
        if (Config.Pooling == TextPooling.Mean)
            return scope.Return(Activations.Leave(Op.MeanOverTokens(Run(tokens, _layers.Length, pass), tokens.Lengths)));
        var first = Activations.Leave(FirstTokens(tokens, pass));
        return scope.Return(_pooler is null ? first : _pooler.Forward(first));
    }

    /// <summary>
    /// The vectors of all tokens after the first <paramref name="layers"/> layers (null: all). Those of padding mean nothing.
    /// </summary>
    /// <returns>[B, S, Width].</returns>
    public Tensor TokenStates(TokenBatch batch, int? layers = null, TrainingPass? pass = null)
    {
        using var scope = TensorScope.Begin();
        Check(batch);
        var tokens = new TokenLayout(TokenLayout.Place(batch, Config, _embeddings.Device, widthMultiple: 1));
        return scope.Return(Activations.Leave(Run(tokens, layers ?? _layers.Length, pass)));
    }

    /// <summary>The vectors of all tokens after some layers, [B, S, Width].</summary>
    Tensor Run(TokenLayout tokens, int layers, TrainingPass? pass) => tokens.Pad(Rows(tokens, layers, pass));

    /// <summary>
    /// The vectors of the sentences' first tokens, [B, Width]. In evaluation the last layer does without those of the others behind its
    /// attention; in training dropout draws for all.
    /// </summary>
    Tensor FirstTokens(TokenLayout tokens, TrainingPass? pass)
    {
        var last = _layers[^1];
        return pass is not null && last.IsTrainable
            ? Op.FirstToken(Run(tokens, _layers.Length, pass))
            : last.ForwardFirst(Rows(tokens, _layers.Length - 1, pass), tokens);
    }

    /// <summary>The vectors of the real tokens after some layers, [T, Width].</summary>
    Tensor Rows(TokenLayout tokens, int layers, TrainingPass? pass)
    {
        var x = _embeddings.Forward(tokens, _embeddings.IsTrainable ? pass : null);
        foreach (var layer in _layers.AsSpan(0, layers)) x = layer.Forward(x, tokens, layer.IsTrainable ? pass : null);
        return x;
    }

    void Check(TokenBatch batch)
    {
        if (batch.Count == 0) throw new ShapeException($"{Config.Name}: a batch needs at least one sentence");
        if (batch.Width > Config.MaxTokens)
            throw new ShapeException($"{Config.Name}: a sentence of {batch.Width} tokens exceeds the model's {Config.MaxTokens} positions; "
                + "cut it when tokenizing");
        if (batch.Ids.Length != (long)batch.Count * batch.Width)
            throw new ShapeException(
                $"{Config.Name}: {batch.Count} sentences of width {batch.Width} need {(long)batch.Count * batch.Width} ids, "
                    + $"got {batch.Ids.Length}");
        foreach (int length in batch.Lengths)
            if (length < 1 || length > batch.Width)
                throw new ShapeException($"{Config.Name}: a sentence's length must be 1 … {batch.Width} tokens, got {length}");
        foreach (int id in batch.Ids)
            if ((uint)id >= (uint)Config.VocabularySize)
                throw new ShapeException(
                    $"{Config.Name}: token id {id} is outside the {Config.VocabularySize} of the model; "
                        + "the tokenizer belongs to another model");
    }
}
