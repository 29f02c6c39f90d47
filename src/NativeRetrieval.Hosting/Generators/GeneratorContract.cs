using Microsoft.Extensions.AI;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;

namespace NativeRetrieval.Hosting.Generators;

/// <summary>Rules that both generators keep: what they say of their model, and which options they take.</summary>
internal sealed class GeneratorContract
{
    readonly RetrievalEngine _engine;

    /// <param name="without">The part of a model that cannot do the generator's work.</param>
    /// <exception cref="OptionException">A limit is out of its range, or the engine was opened without the generator's part.</exception>
    public GeneratorContract(RetrievalEngine engine, EmbeddingLimits limits, ModelParts without)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (limits.Problems().FirstOrDefault() is { } problem) throw new OptionException(problem);
        if (engine.Model.Parts == without)
            throw new OptionException($"{engine.Folder} was opened for {(without == ModelParts.Audio ? "sounds" : "sentences")} alone; "
                + $"this generator takes the other half: open it as {nameof(ModelParts)}.{nameof(ModelParts.Both)}");
        _engine = engine;
        Metadata = new EmbeddingGeneratorMetadata("nativeretrieval", providerUri: null, Path.GetFileName(engine.Folder), Dimension);
    }

    public EmbeddingGeneratorMetadata Metadata { get; }

    public int Dimension => _engine.Model.Config.EmbeddingDimension;

    /// <summary>Refuses another model and other dimensions than the model's.</summary>
    /// <exception cref="OptionException">An option asks for what this model has not.</exception>
    public void Check(EmbeddingGenerationOptions? options)
    {
        if (options?.Dimensions is { } dimensions && dimensions != Dimension)
            throw new OptionException($"Dimensions is {dimensions}; the vectors of {Metadata.DefaultModelId} have {Dimension}, "
                + "and a part of one means nothing by itself: leave it out");
        if (options?.ModelId is { } model && model != Metadata.DefaultModelId)
            throw new OptionException($"ModelId is '{PlainText.Short(model)}'; this generator has {Metadata.DefaultModelId}");
    }

    /// <summary>The metadata, the engine, or the generator itself; null: none is of this type.</summary>
    public object? Service(IEmbeddingGenerator generator, Type serviceType, object? serviceKey)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        return serviceType == typeof(EmbeddingGeneratorMetadata) ? Metadata
            : serviceType == typeof(RetrievalEngine) ? _engine
            : serviceType.IsInstanceOfType(generator) ? generator : null;
    }

    /// <param name="remarks">Facts about the input that the caller may want to know; null: none.</param>
    public Embedding<float> Embedding(ReadOnlyMemory<float> vector, AdditionalPropertiesDictionary? remarks = null) =>
        new(vector) { ModelId = Metadata.DefaultModelId, AdditionalProperties = remarks };
}
