using Microsoft.ML.Tokenizers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Text;

namespace NativeRetrieval.Models;

/// <summary>
/// The report's system: an audio encoder and a text encoder, each with a head into one space where cosine says how well they match.
/// Parameter names are those of the report authors' code: <c>audio_enc.*</c>, <c>text_enc.*</c>, <c>audio_linear.*</c>,
/// <c>text_linear.*</c>.
/// </summary>
public sealed class RetrievalModel : Module
{
    const string AudioName = "audio_enc", TextName = "text_enc", AudioHeadName = "audio_linear", TextHeadName = "text_linear";

    readonly AudioEncoder? _audioEncoder;
    readonly BertEncoder? _textEncoder;
    readonly ProjectionHead? _audioHead, _textHead;

    /// <param name="tokenizer">Tokenizer of captions and queries; a host's own one goes in here, too.</param>
    /// <param name="random">Starting values are drawn from it; null: zeros, for weights read from a file.</param>
    /// <param name="textEncoder">
    /// A text encoder of <c>config.TextEncoder</c>'s sizes to take over, such as a pre-trained one; null: a fresh one.
    /// </param>
    /// <param name="audioEncoder">An audio encoder of <c>config.AudioEncoder</c>'s sizes to take over; null: a fresh one.</param>
    /// <param name="parts">Encoders to build, each with its head.</param>
    /// <exception cref="Core.Errors.OptionException">A value of the configuration is outside its range.</exception>
    public RetrievalModel(RetrievalModelConfig config, TextTokenizer tokenizer, Device device, PhiloxSequence? random,
        BertEncoder? textEncoder = null, AudioEncoder? audioEncoder = null, DType dtype = DType.Float32,
        ModelParts parts = ModelParts.Both)
    {
        config.Validate();
        (Config, TextTokenizer, Device, Parts) = (config, tokenizer, device, parts);
        bool hears = parts != ModelParts.Text, reads = parts != ModelParts.Audio;
        if (hears) _audioEncoder = Child(AudioName, audioEncoder ?? AudioEncoder.Create(config.AudioEncoder, device, random, dtype));
        if (reads) _textEncoder = Child(TextName, textEncoder ?? new BertEncoder(config.TextEncoder, device, random, dtype));
        if (hears && config.AudioHeadWidth > 0) _audioHead = Child(AudioHeadName, Head(AudioEncoder.Width, config.AudioHeadWidth));
        if (reads && config.TextHeadWidth > 0) _textHead = Child(TextHeadName, Head(TextEncoder.Width, config.TextHeadWidth));

        ProjectionHead Head(int inputs, int hidden) => new(inputs, hidden, config.EmbeddingDimension, device, random, dtype);
    }

    /// <summary>Configuration that the model was built from.</summary>
    public RetrievalModelConfig Config { get; }

    /// <summary>The text encoder's input from captions and queries: tokens with [CLS], [SEP] and padding.</summary>
    public TextTokenizer TextTokenizer { get; }

    /// <summary>Library tokenizer behind <see cref="TextTokenizer"/>: the tokens of a text alone.</summary>
    public Tokenizer Tokenizer => TextTokenizer.Tokenizer;

    /// <summary>Device that holds the weights.</summary>
    public Device Device { get; }

    /// <summary>Encoders that the model was built with.</summary>
    public ModelParts Parts { get; }

    /// <summary>Encoder of sounds.</summary>
    /// <exception cref="InvalidOperationException">The model was opened for texts only.</exception>
    public AudioEncoder AudioEncoder => _audioEncoder ?? throw Absent("texts");

    /// <summary>Encoder of captions and queries.</summary>
    /// <exception cref="InvalidOperationException">The model was opened for sounds only.</exception>
    public BertEncoder TextEncoder => _textEncoder ?? throw Absent("sounds");

    /// <summary>The heads that the model has, under their names in it.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> HeadParameters() =>
        (_audioHead?.Parameters(AudioHeadName + ".") ?? []).Concat(_textHead?.Parameters(TextHeadName + ".") ?? []);

    /// <summary>Embeddings of log-mel spectrograms; not normalised.</summary>
    /// <param name="encoder">Training pass of the encoder; null: evaluation, as frozen encoders are run.</param>
    /// <inheritdoc cref="AudioEncoder.Forward(Tensor, int[], TrainingPass, SpecAugmentOptions)"/>
    public Tensor EmbedAudio(Tensor logMel, int[]? lengths, TrainingPass? encoder = null, SpecAugmentOptions? masks = null)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Project(_audioHead, AudioEncoder.Forward(logMel, lengths, encoder, masks)));
    }

    /// <summary>Embeddings of log-mel spectrograms whose inputs are on the device; not normalised.</summary>
    /// <inheritdoc cref="AudioEncoder.Forward(SoundInputs, TrainingPass, SpecAugmentOptions)"/>
    public Tensor EmbedAudio(SoundInputs sounds, TrainingPass? encoder = null, SpecAugmentOptions? masks = null)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Project(_audioHead, AudioEncoder.Forward(sounds, encoder, masks)));
    }

    /// <summary>Embeddings of waveforms in evaluation, through the model's own front end; not normalised.</summary>
    /// <inheritdoc cref="AudioEncoder.ForwardWaveform"/>
    public Tensor EmbedWaveform(Tensor waveform, int[]? lengths)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Project(_audioHead, AudioEncoder.ForwardWaveform(waveform, lengths, Config.LogMel)));
    }

    /// <summary>The text head alone, for encoder vectors that were computed before: those of a frozen encoder never change.</summary>
    /// <param name="vectors">[N, text encoder's width]; the result itself where the model has no text head.</param>
    public Tensor ProjectText(Tensor vectors) => Project(_textHead, vectors);

    /// <summary>Embeddings of tokenized captions; not normalised.</summary>
    public Tensor EmbedText(TokenBatch batch, TrainingPass? encoder = null)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Project(_textHead, TextEncoder.Forward(batch, encoder)));
    }

    /// <summary>Embeddings of captions whose tokens are on the device; not normalised.</summary>
    /// <param name="sentences">The result of <see cref="BertEncoder.Place"/>.</param>
    public Tensor EmbedText(SentenceInputs sentences, TrainingPass? encoder = null)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Project(_textHead, TextEncoder.Forward(sentences, encoder)));
    }

    /// <summary>The tokens of captions or queries, after the model's caption rule.</summary>
    public TokenBatch Tokenize(IReadOnlyList<string> texts) =>
        TextTokenizer.EncodeBatch([.. texts.Select(Config.Captions.Apply)], Config.MaxTokens);

    /// <summary>True for a tensor of a whole model that is not one of these parts.</summary>
    internal static bool IsOutside(ModelParts parts, string name)
    {
        string[] outside = parts switch
        {
            ModelParts.Text => [AudioName, AudioHeadName],
            ModelParts.Audio => [TextName, TextHeadName],
            _ => [],
        };
        return outside.Any(part => name.StartsWith(part + ".", StringComparison.Ordinal));
    }

    static Tensor Project(ProjectionHead? head, Tensor vectors) => head is null ? vectors : head.Forward(vectors);

    static InvalidOperationException Absent(string opened) => new($"this model was opened for {opened} only");
}

/// <summary>The encoders of a model that are in memory, each with its head.</summary>
public enum ModelParts
{
    /// <summary>Both encoders.</summary>
    Both,

    /// <summary>The encoder of sounds alone, as indexing needs it.</summary>
    Audio,

    /// <summary>The encoder of sentences alone, as searching needs it.</summary>
    Text,
}
