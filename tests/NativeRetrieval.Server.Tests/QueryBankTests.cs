using System.Net;
using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestModels;

namespace NativeRetrieval.Server.Tests;

/// <summary>A service with a query bank: sounds that are near to almost any sentence are taken down where a request asks for it.</summary>
public sealed class QueryBankTests : IAsyncLifetime
{
    static readonly string[] _bank = [.. Enumerable.Range(0, 12).Select(i =>
        $"{(i % 2 == 0 ? "a dog is" : "rain")} {(i % 3 == 0 ? "barking" : "falls")} {string.Join(' ', Enumerable.Repeat("dog", i))}")];

    TestService _service = null!;

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync(options => options with { QueryBank = _bank });

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task A_search_with_the_bank_answers_what_the_library_answers_and_without_it_what_it_always_did()
    {
        using var engine = RetrievalEngine.Open(_service["tiny"], CpuDevice.Shared);
        using var index = LocalAudioIndex.Open(_service.IndexFolder, IndexAccess.Read);
        var plain = new LibraryQuery { Parts = [QueryPart.Sentence("rain falls")], WordWeight = 0, Grouping = HitGrouping.AllWindows };
        var banked = plain with { Bank = new QueryBank(engine.EmbedTexts(_bank), TinyModel.Dimension) };
        var expected = await Expected(plain);
        var expectedBanked = await Expected(banked);
        Assert.NotEqual(expected, expectedBanked);
        Assert.Equal(expected.Order(), expectedBanked.Order());

        const string brief = "/v1/search?q=rain+falls&word_weight=0&group=window";
        Assert.Equal(expected, Hits(await _service.GetJsonAsync(brief)));
        Assert.Equal(expected, Hits(await _service.GetJsonAsync(brief + "&query_bank=false")));
        Assert.Equal(expectedBanked, Hits(await _service.GetJsonAsync(brief + "&query_bank=true")));
        Assert.Equal(expectedBanked, Hits(await TestService.JsonOf(await _service.PostAsync("/v1/search",
            new { parts = new[] { new { text = "rain falls" } }, word_weight = 0, group = "window", query_bank = true }))));

        async Task<(string, double, float)[]> Expected(LibraryQuery query) => [.. (await new LibrarySearch(engine, index)
            .SearchAsync(query, TestContext.Current.CancellationToken)).Hits.Select(hit => (hit.Path, hit.StartSeconds, hit.Score))];

        static (string, double, float)[] Hits(JsonElement answer) => [.. answer.GetProperty("hits").EnumerateArray().Select(hit =>
            (hit.GetProperty("path").GetString()!, hit.GetProperty("start_seconds").GetDouble(), hit.GetProperty("score").GetSingle()))];
    }

    [Fact]
    public async Task A_question_of_sounds_alone_takes_no_bank()
    {
        string id = await _service.IdOf("rain.wav");
        Assert.Contains("a query bank is of sentences", await TestService.RefusalOf(
            await _service.GetAsync($"/v1/similar?id={id}&query_bank=true"), HttpStatusCode.UnprocessableEntity));
        byte[] sound = await File.ReadAllBytesAsync(_service["s/deep/rain.wav"], TestContext.Current.CancellationToken);
        Assert.Contains("a query bank is of sentences", await TestService.RefusalOf(
            await _service.PostAsync("/v1/search/audio?query_bank=true", sound), HttpStatusCode.UnprocessableEntity));
        var both = await TestService.JsonOf(await _service.PostAsync("/v1/search/audio?q=rain&query_bank=true", sound));
        Assert.Equal(4, both.GetProperty("hits").GetArrayLength());
    }

    [Fact]
    public async Task The_indexes_say_that_there_is_a_bank_and_the_description_how_to_ask_for_it()
    {
        Assert.Equal(12, (await _service.GetJsonAsync("/v1/indexes")).GetProperty("query_bank_sentences").GetInt32());
        var description = await _service.GetJsonAsync("/openapi/v1.json");
        Assert.Contains("query_bank", description.GetProperty("paths").GetProperty("/v1/search").GetProperty("get")
            .GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()));
        Assert.Equal("boolean", description.GetProperty("paths").GetProperty("/v1/search").GetProperty("post").GetProperty("requestBody")
            .GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("properties")
            .GetProperty("query_bank").GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_bank_that_is_none_ends_the_start_with_its_reason()
    {
        Assert.Contains("the service's query bank: 9 different sentences cannot tell", (await Assert.ThrowsAsync<OptionException>(() =>
            TestService.StartAsync(options => options with { QueryBank = _bank[..9] }))).Message);
        Assert.Contains("query bank: sentence 2 is empty", (await Assert.ThrowsAsync<OptionException>(() =>
            TestService.StartAsync(options => options with { QueryBank = [_bank[0], " ", .. _bank] }))).Message);
    }

    [Fact]
    public async Task Its_vectors_are_kept_where_a_folder_is_named()
    {
        await using var again = await TestService.StartAsync(options => options with
        {
            QueryBank = _bank, QueryBankCache = _service["banks"],
        });
        Assert.Single(Directory.GetFiles(_service["banks"], "*.safetensors"));
    }
}
