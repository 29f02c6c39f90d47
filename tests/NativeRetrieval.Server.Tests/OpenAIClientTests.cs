using System.ClientModel;
using System.Net;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Engine;
using OpenAI;
using OpenAI.Embeddings;

namespace NativeRetrieval.Server.Tests;

/// <summary>OpenAI's own client for .NET against the service; it asks for base64 by itself.</summary>
public sealed class OpenAIClientTests
{
    const string Key = "a-key-of-many-characters";

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Texts_get_the_engines_vectors()
    {
        await using var service = await TestService.StartAsync();
        string[] texts = ["a dog is barking", "rain falls"];
        using var engine = RetrievalEngine.Open(service["tiny"], CpuDevice.Shared);
        float[] expected = engine.EmbedTexts(texts);
        var client = Client(service, "tiny", "a key that nobody asks for");

        var answer = (await client.GenerateEmbeddingsAsync(texts, cancellationToken: Token)).Value;
        Assert.Equal(expected, answer.SelectMany(embedding => embedding.ToFloats().ToArray()));
        Assert.Equal([0, 1], answer.Select(embedding => embedding.Index));
        int tokens = engine.Model.Tokenize(texts).Lengths.Sum();
        Assert.Equal(("tiny", tokens, tokens), (answer.Model, answer.Usage.InputTokenCount, answer.Usage.TotalTokenCount));

        var one = (await client.GenerateEmbeddingAsync(texts[1], new EmbeddingGenerationOptions { Dimensions = 8, EndUserId = "someone" },
            Token)).Value;
        Assert.Equal(expected[8..], one.ToFloats().ToArray());
    }

    [Fact]
    public async Task The_key_goes_where_the_client_puts_it_and_refusals_are_its_exceptions()
    {
        await using var service = await TestService.StartAsync(options => options with { Key = Key });
        var embedding = (await Client(service, "tiny", Key).GenerateEmbeddingAsync("rain", cancellationToken: Token)).Value;
        Assert.Equal(8, embedding.ToFloats().Length);
        await Refused(Client(service, "tiny", "another key, as long as it"), null, HttpStatusCode.Unauthorized, "key");
        await Refused(Client(service, "text-embedding-3-small", Key), null, HttpStatusCode.NotFound, "this service has tiny");
        await Refused(Client(service, "tiny", Key), new() { Dimensions = 3 }, HttpStatusCode.UnprocessableEntity,
            "vectors have 8");

        static async Task Refused(EmbeddingClient client, EmbeddingGenerationOptions? options, HttpStatusCode status, string reason)
        {
            var refusal = await Assert.ThrowsAsync<ClientResultException>(() => client.GenerateEmbeddingAsync("rain", options, Token));
            Assert.Equal((int)status, refusal.Status);
            Assert.Contains(reason, refusal.GetRawResponse()!.Content.ToString());
        }
    }

    [Fact]
    public async Task The_model_is_found_in_the_list()
    {
        await using var service = await TestService.StartAsync();
        var models = new OpenAIClient(new ApiKeyCredential(Key), Options(service)).GetOpenAIModelClient();
        var model = Assert.Single((await models.GetModelsAsync(Token)).Value);
        Assert.Equal(("tiny", "nativeretrieval"), (model.Id, model.OwnedBy));
    }

    static EmbeddingClient Client(TestService service, string model, string key) => new(model, new ApiKeyCredential(key), Options(service));

    static OpenAIClientOptions Options(TestService service) => new()
    {
        Endpoint = new Uri(service.Host.Address, "/v1"),
        RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(maxRetries: 0),
    };
}
