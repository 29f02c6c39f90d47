using Microsoft.Extensions.AI;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Generators;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Hosting.Tests.Generators;

public sealed class TextGeneratorTests(TinyEngine model) : IClassFixture<TinyEngine>
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sentences_have_the_engines_vectors_and_their_tokens_are_counted()
    {
        string[] texts = ["a dog is barking", "Rain falls!", "a dog"];
        using var generator = new TextEmbeddingGenerator(model.Engine);
        var generated = await generator.GenerateAsync(texts, cancellationToken: Token);
        Assert.Equal(model.Engine.EmbedTexts(texts), generated.SelectMany(embedding => embedding.Vector.ToArray()));
        Assert.All(generated, embedding => Assert.Equal(("tiny", TinyModel.Dimension), (embedding.ModelId, embedding.Dimensions)));
        int tokens = model.Engine.Model.Tokenize(texts).Lengths.Sum();
        Assert.Equal((tokens, tokens), (generated.Usage?.InputTokenCount, generated.Usage?.TotalTokenCount));
        Assert.All(generated, embedding => Assert.Null(embedding.AdditionalProperties));
        Assert.Empty(await generator.GenerateAsync([], cancellationToken: Token));
    }

    [Fact]
    public async Task Many_callers_at_once_get_what_each_would_get_alone()
    {
        using var generator = new TextEmbeddingGenerator(model.Engine, new() { Waiting = 2, TextsInPass = 5 });
        string[] texts = ["a dog is barking", "rain falls", "a dog", "barking", "falls falls a dog", "is", "dog rain"];
        double[][] alone = [.. texts.Select(text => Array.ConvertAll(model.Engine.EmbedTexts([text]), value => (double)value))];
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            int[] own = [.. Enumerable.Range(i, i % 9).Select(place => place * 3 % texts.Length)];
            var generated = await generator.GenerateAsync(own.Select(place => texts[place]), cancellationToken: Token);
            Assert.Equal(own.Length, generated.Count);
            for (int j = 0; j < own.Length; j++)
                Golden.Check(alone[own[j]], generated[j].Vector.Span, 1e-5, texts[own[j]]);
        });
    }

    [Theory]
    [InlineData("", "text 1 is empty; describe a sound")]
    [InlineData(" \n", "text 1 is empty")]
    [InlineData(null, "text 1 is empty")]
    [InlineData("dog dog dog dog dog dog dog dog dog dog dog", "text 1 (\"dog dog dog dog dog dog dog dog dog dog dog\") has more than 10 "
        + "tokens, the most that tiny reads; shorten it")]
    public async Task A_sentence_that_says_nothing_or_too_much_is_refused(string? text, string reason)
    {
        using var generator = new TextEmbeddingGenerator(model.Engine);
        var refusal = await Assert.ThrowsAsync<OptionException>(() => generator.GenerateAsync(["a dog", text!], cancellationToken: Token));
        Assert.Contains(reason, refusal.Message);
    }

    [Fact]
    public async Task The_longest_sentence_that_the_model_reads_is_embedded()
    {
        using var generator = new TextEmbeddingGenerator(model.Engine);
        var generated = await generator.GenerateAsync(["dog dog dog dog dog dog dog dog dog dog"], cancellationToken: Token);
        Assert.Equal(TinyEngine.MaxTokens, generated.Usage?.InputTokenCount);
    }

    [Fact]
    public async Task Words_that_the_vocabulary_cannot_spell_are_counted_on_their_embedding()
    {
        using var generator = new TextEmbeddingGenerator(model.Engine);
        var generated = await generator.GenerateAsync(["a dog", "a 犬 犬"], cancellationToken: Token);
        Assert.Null(generated[0].AdditionalProperties);
        Assert.Equal(2, generated[1].AdditionalProperties![TextEmbeddingGenerator.UnknownTokens]);
    }

    [Fact]
    public async Task Options_that_are_not_the_models_are_refused()
    {
        using var generator = new TextEmbeddingGenerator(model.Engine);
        var dimensions = await Refused(new() { Dimensions = 4 });
        Assert.Contains("Dimensions is 4; the vectors of tiny have 8", dimensions.Message);
        var named = await Refused(new() { ModelId = "text-embedding-3-small" });
        Assert.Contains("ModelId is 'text-embedding-3-small'; this generator has tiny", named.Message);
        Assert.Single(await generator.GenerateAsync(["a dog"], new() { Dimensions = 8, ModelId = "tiny" }, Token));

        Task<OptionException> Refused(EmbeddingGenerationOptions options) =>
            Assert.ThrowsAsync<OptionException>(() => generator.GenerateAsync(["a dog"], options, Token));
    }

    [Fact]
    public void Services_are_the_metadata_the_engine_and_the_generator()
    {
        using var generator = new TextEmbeddingGenerator(model.Engine);
        var metadata = generator.GetRequiredService<EmbeddingGeneratorMetadata>();
        Assert.Equal(("nativeretrieval", "tiny", 8, null),
            (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions, metadata.ProviderUri));
        Assert.Same(model.Engine, generator.GetService<RetrievalEngine>());
        Assert.Same(generator, generator.GetService<IEmbeddingGenerator<string, Embedding<float>>>());
        Assert.Null(generator.GetService<IEmbeddingGenerator<DataContent, Embedding<float>>>());
        Assert.Null(generator.GetService<RetrievalEngine>("key"));
    }

    [Fact]
    public async Task A_generator_that_was_disposed_of_says_so()
    {
        var generator = new TextEmbeddingGenerator(model.Engine);
        generator.Dispose();
        generator.Dispose();
        Assert.Contains("was disposed of", (await Assert.ThrowsAsync<ObjectDisposedException>(() =>
            generator.GenerateAsync(["a dog"], cancellationToken: Token))).Message);
        Assert.Equal(TinyModel.Dimension, model.Engine.EmbedTexts(["a dog"]).Length);
    }

    [Fact]
    public void Half_of_a_model_has_one_generator_and_limits_have_ranges()
    {
        using var hearing = RetrievalEngine.Open(model.Folder, CpuDevice.Shared, ModelParts.Audio);
        Assert.Contains("was opened for sounds alone", Assert.Throws<OptionException>(() => new TextEmbeddingGenerator(hearing)).Message);
        using (new AudioEmbeddingGenerator(hearing))
        {
        }
        Assert.Contains("Waiting is 0; expected 1 to 65,536",
            Assert.Throws<OptionException>(() => new TextEmbeddingGenerator(model.Engine, new() { Waiting = 0 })).Message);
        Assert.Contains("SoundSeconds is NaN",
            Assert.Throws<OptionException>(() => new AudioEmbeddingGenerator(model.Engine, new() { SoundSeconds = double.NaN })).Message);
    }
}
