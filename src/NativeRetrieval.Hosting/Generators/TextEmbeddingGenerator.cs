using Microsoft.Extensions.AI;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Batching;
using NativeRetrieval.Models;

namespace NativeRetrieval.Hosting.Generators;

/// <summary>
/// Unit vectors of sentences, in the space of the sounds' own (<see cref="AudioEmbeddingGenerator"/>). Calls may come from any number of
/// threads: those that wait at one time go through the model together, and each gets what it would get alone.
/// </summary>
public sealed class TextEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    const string Kind = "text";

    /// <summary>
    /// Name of an embedding's additional property: words of the sentence that the model's vocabulary cannot spell, where there are some.
    /// </summary>
    public const string UnknownTokens = "nativeretrieval.unknown_tokens";

    readonly RetrievalModel _model;
    readonly GeneratorContract _contract;
    readonly PassQueue<string> _queue;

    /// <param name="engine">The model, which outlives the generator.</param>
    /// <param name="limits">Sizes of queue and passes; null: the defaults.</param>
    /// <exception cref="OptionException">A limit is out of its range, or the engine was opened for sounds alone.</exception>
    public TextEmbeddingGenerator(RetrievalEngine engine, EmbeddingLimits? limits = null)
    {
        limits ??= new();
        _contract = new GeneratorContract(engine, limits, without: ModelParts.Audio);
        _model = engine.Model;
        _queue = new PassQueue<string>(Kind, limits.Waiting, limits.TextsInPass, _contract.Dimension, engine.EmbedTexts);
    }

    /// <summary>
    /// The vectors of sentences, in their order. Either all are embedded, or the call fails with the first reason. The usage counts
    /// tokens, those at a sentence's ends included.
    /// </summary>
    /// <param name="options">
    /// <c>Dimensions</c> and <c>ModelId</c> may be absent or the model's own; what else it holds has no meaning here.
    /// </param>
    /// <exception cref="OptionException">A sentence is empty or has more tokens than the model reads; or an option is not the
    /// model's.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        return GeneratorMetrics.MeasureAsync(Kind, () => EmbedAsync([.. values], options, cancellationToken));
    }

    async Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(string[] texts, EmbeddingGenerationOptions? options,
        CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        _contract.Check(options);
        var sizes = texts.Select(Measure).ToArray();
        float[] vectors = await _queue.EmbedAsync(texts, cancellation).ConfigureAwait(false);
        int tokens = sizes.Sum(size => size.Tokens);
        return new(texts.Select((_, i) => _contract.Embedding(vectors.AsMemory(i * _contract.Dimension, _contract.Dimension),
            sizes[i].Unknown == 0 ? null : new() { [UnknownTokens] = sizes[i].Unknown })))
        {
            Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens },
        };
    }

    /// <summary>Tokens of a sentence, and those among them that stand for a word that the vocabulary cannot spell.</summary>
    (int Tokens, int Unknown) Measure(string? text, int place)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new OptionException($"text {place} is empty; describe a sound, such as \"a dog is barking\"");
        int most = _model.Config.MaxTokens;
        var tokens = _model.TextTokenizer.EncodeBatch([_model.Config.Captions.Apply(text)], most + 1);
        if (tokens.Lengths[0] > most)
            throw new OptionException($"text {place} (\"{PlainText.Short(text)}\") has more than {most - 2} tokens, the most that "
                + $"{_contract.Metadata.DefaultModelId} reads; shorten it, or embed its parts");
        return (tokens.Lengths[0], tokens.UnknownTokens(0));
    }

    /// <summary>The generator, its <see cref="EmbeddingGeneratorMetadata"/> or its <see cref="RetrievalEngine"/>; null for other
    /// types and where a key is given.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null) => _contract.Service(this, serviceType, serviceKey);

    /// <summary>Waits for the pass that runs; calls that wait fail. The engine stays open.</summary>
    public void Dispose() => _queue.Dispose();
}
