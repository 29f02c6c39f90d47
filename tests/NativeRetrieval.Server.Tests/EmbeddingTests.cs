using System.Net;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Engine;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Server.Tests;

public sealed class EmbeddingTests(SharedService shared) : IClassFixture<SharedService>
{
    readonly TestService _service = shared.Service;

    [Fact]
    public async Task Texts_get_the_engines_vectors_as_numbers_and_as_base64()
    {
        string[] input = ["a dog is barking", "rain falls"];
        using var engine = RetrievalEngine.Open(_service["tiny"], CpuDevice.Shared);
        float[] expected = engine.EmbedTexts(input);

        var numbers = await TestService.JsonOf(await _service.PostAsync("/v1/embeddings", new { input, model = "tiny" }));
        Assert.Equal(("list", "tiny"), (numbers.GetProperty("object").GetString(), numbers.GetProperty("model").GetString()));
        int tokens = engine.Model.Tokenize(input).Lengths.Sum();
        Assert.Equal((tokens, tokens), (numbers.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(),
            numbers.GetProperty("usage").GetProperty("total_tokens").GetInt32()));
        var data = numbers.GetProperty("data").EnumerateArray().ToList();
        Assert.Equal([0, 1], data.Select(item => item.GetProperty("index").GetInt32()));
        Assert.All(data, item => Assert.Equal("embedding", item.GetProperty("object").GetString()));
        Assert.Equal(expected, data.SelectMany(item => item.GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle())));

        var base64 = await TestService.JsonOf(await _service.PostAsync("/v1/embeddings",
            new { input, model = "tiny", encoding_format = "base64", user = "someone", dimensions = 8 }));
        Assert.Equal(expected, base64.GetProperty("data").EnumerateArray().SelectMany(item =>
            MemoryMarshal.Cast<byte, float>(item.GetProperty("embedding").GetBytesFromBase64()).ToArray()));

        var one = await TestService.JsonOf(await _service.PostAsync("/v1/embeddings", new { input = input[0] }));
        Assert.Equal(expected[..8], one.GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(value =>
            value.GetSingle()));
    }

    [Fact]
    public async Task A_sound_gets_the_vector_that_the_engine_gives_its_file()
    {
        string path = _service["s/low.wav"];
        using var engine = RetrievalEngine.Open(_service["tiny"], CpuDevice.Shared);
        float[] expected = engine.EmbedFile(path, 2, 1, TestContext.Current.CancellationToken)[0].Vector.ToArray();
        string data = Convert.ToBase64String(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        var answer = await TestService.JsonOf(await _service.PostAsync("/v1/embeddings", new
        {
            input = new object[] { "rain", new { type = "input_audio", input_audio = new { data, format = "wav" } } },
        }));
        Assert.Equal(expected, answer.GetProperty("data")[1].GetProperty("embedding").EnumerateArray().Select(value => value.GetSingle()));
    }

    /// <summary>The model hears 2 s at once; codecs may leave a little behind a sound's end.</summary>
    [Theory]
    [InlineData(2.05, HttpStatusCode.OK)]
    [InlineData(2.5, HttpStatusCode.UnprocessableEntity)]
    public async Task A_sound_longer_than_a_window_is_refused_and_never_cut(double seconds, HttpStatusCode status)
    {
        WavFile.Write(_service["long.wav"], seconds, 500);
        string data = Convert.ToBase64String(await File.ReadAllBytesAsync(_service["long.wav"], TestContext.Current.CancellationToken));
        using var answer = await _service.PostAsync("/v1/embeddings", new
        {
            input = new[] { new { type = "input_audio", input_audio = new { data } } },
        });
        Assert.Equal(status, answer.StatusCode);
        if (status != HttpStatusCode.OK)
            Assert.Contains("longer than the 2 s that this model hears at once", await TestService.RefusalOf(answer, status));
    }

    [Theory]
    [InlineData("""{"input":[]}""", "expected 1 to 256", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"input":[1,2,3]}""", "neither a text nor a sound", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"input":""}""", "a text is empty", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"input":[{"type":"input_audio","input_audio":{"data":"%"}}]}""", "is no sound", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"input":"a","dimensions":3}""", "this model's vectors have 8", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"input":"a","encoding_format":"hex"}""", "expected float or base64", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"model":"tiny"}""", "input", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"input":"a","model":"text-embedding-3-small"}""", "this service has tiny", HttpStatusCode.NotFound)]
    public async Task An_input_that_cannot_be_embedded_is_refused(string body, string reason, HttpStatusCode status)
    {
        using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        Assert.Contains(reason, await TestService.RefusalOf(
            await _service.Client.PostAsync("/v1/embeddings", content, TestContext.Current.CancellationToken), status));
    }

    [Fact]
    public async Task The_model_is_listed()
    {
        var model = (await _service.GetJsonAsync("/v1/models")).GetProperty("data")[0];
        Assert.Equal(("tiny", 8), (model.GetProperty("id").GetString(), model.GetProperty("dimensions").GetInt32()));
    }

    [Fact]
    public async Task Health_metrics_and_description_are_there()
    {
        var health = await _service.GetJsonAsync("/health");
        Assert.Equal(("ok", 1), (health.GetProperty("status").GetString(), health.GetProperty("indexes").GetInt32()));
        await _service.GetJsonAsync("/v1/search?q=rain");
        var metrics = await _service.GetAsync("/metrics");
        Assert.Equal("text/plain", metrics.Content.Headers.ContentType?.MediaType);
        string text = await metrics.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        foreach (string name in (string[])["http_duration_bucket", "queue_batch_count", "queue_waiting", "embedding_duration_count",
            "dotnet_gc_last_collection_heap_size", "dotnet_process_memory_working_set"])
            Assert.True(text.Contains(name), $"{name} is not in:\n{text}");
        Assert.Contains("route=\"/v1/search\"", text);
        var paths = (await _service.GetJsonAsync("/openapi/v1.json")).GetProperty("paths");
        foreach (string path in (string[])["/v1/search", "/v1/search/audio", "/v1/similar", "/v1/indexes", "/v1/files/{id}",
            "/v1/audio/{id}",
            "/v1/audio/{id}/peaks", "/v1/audio/{id}/spectrogram", "/v1/export", "/v1/embeddings", "/v1/models"])
            Assert.True(paths.TryGetProperty(path, out _), path);
        var schema = paths.GetProperty("/v1/search").GetProperty("post").GetProperty("requestBody").GetRawText();
        Assert.Contains("application/json", schema);
    }
}
