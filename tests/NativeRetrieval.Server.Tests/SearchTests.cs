using System.Net;
using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Server.Tests;

public sealed class SearchTests(SharedService shared) : IClassFixture<SharedService>
{
    readonly TestService _service = shared.Service;

    [Fact]
    public async Task A_search_answers_what_the_library_answers()
    {
        var answer = await TestService.JsonOf(await _service.PostAsync("/v1/search", new
        {
            parts = new[] { new { text = "rain falls", weight = 1.0 }, new { text = "a dog is barking", weight = 0.5 } }, top = 3,
        }));
        Assert.Equal(1, answer.GetProperty("schema_version").GetInt32());
        Assert.True(answer.GetProperty("took_ms").GetDouble() > 0);
        using var engine = RetrievalEngine.Open(_service["tiny"], CpuDevice.Shared);
        using var index = LocalAudioIndex.Open(_service.IndexFolder, IndexAccess.Read);
        var expected = await new LibrarySearch(engine, index).SearchAsync(new LibraryQuery
        {
            Parts = [QueryPart.Sentence("rain falls"), QueryPart.Sentence("a dog is barking", 0.5)],
            Top = 3,
        }, TestContext.Current.CancellationToken);
        Assert.Equal(3, expected.Hits.Count);
        Assert.Equal(index.Stats().Files, answer.GetProperty("total").GetInt64());
        Assert.Equal(expected.Hits.Select(hit => (hit.Rank, hit.Path, hit.Score, hit.StartSeconds, hit.SoundRank, hit.WordRank)),
            answer.GetProperty("hits").EnumerateArray().Select(hit => (hit.GetProperty("rank").GetInt32(),
                hit.GetProperty("path").GetString()!, hit.GetProperty("score").GetSingle(), hit.GetProperty("start_seconds").GetDouble(),
                Rank(hit, "sound_rank"), Rank(hit, "word_rank"))));

        static int? Rank(JsonElement hit, string name) =>
            hit.GetProperty(name) is { ValueKind: JsonValueKind.Number } rank ? rank.GetInt32() : null;
    }

    [Fact]
    public async Task A_hit_has_every_field_of_the_contract()
    {
        var hit = (await _service.GetJsonAsync("/v1/search?q=rain&top=1")).GetProperty("hits")[0];
        Assert.Equal(["rank", "id", "index", "name", "folder", "path", "start_seconds", "end_seconds", "score", "percentile", "sound_rank",
            "word_rank", "meaning_rank", "words", "stretches", "duration_seconds", "sample_rate_hz", "channels", "title", "category",
            "tags", "description", "added"], hit.EnumerateObject().Select(property => property.Name));
        Assert.Equal(("rain.wav", "sounds", _service["s/deep"], 1.5, 16_000, 1), (hit.GetProperty("name").GetString(),
            hit.GetProperty("index").GetString(), hit.GetProperty("folder").GetString(), hit.GetProperty("duration_seconds").GetDouble(),
            hit.GetProperty("sample_rate_hz").GetInt32(), hit.GetProperty("channels").GetInt32()));
        Assert.Equal(["rain"], hit.GetProperty("words").EnumerateArray().Select(word => word.GetString()));
        var stretch = hit.GetProperty("stretches")[0];
        Assert.Equal((0, 1.5), (stretch.GetProperty("start_seconds").GetDouble(), stretch.GetProperty("end_seconds").GetDouble()));
    }

    [Fact]
    public async Task The_short_form_answers_as_the_long_one()
    {
        var brief = await _service.GetJsonAsync(
            "/v1/search?q=rain&top=2&skip=1&group=window&word_weight=0&min_seconds=1&max_seconds=9&name=*.WAV&channels=1"
            + "&sample_rate_hz=16000&min_score=-1&added_after=2001-01-01&folder=s");
        var full = await TestService.JsonOf(await _service.PostAsync("/v1/search", new
        {
            parts = new[] { new { text = "rain" } }, top = 2, skip = 1, group = "window", word_weight = 0,
            filter = new { min_seconds = 1, max_seconds = 9, name = "*.WAV", channels = 1, sample_rate_hz = 16000, min_score = -1,
                added_after = "2001-01-01", folder = "s" },
        }));
        Assert.Equal(2, full.GetProperty("hits").GetArrayLength());
        Assert.Equal(full.GetProperty("hits").GetRawText(), brief.GetProperty("hits").GetRawText());
    }

    [Fact]
    public async Task A_filter_takes_one_value_or_several()
    {
        string[] names = await NamesOf("&name=rain*&name=HIGH.wav&name=");
        Assert.Equal(["high.wav", "rain.wav"], names);
        Assert.Equal(names, await NamesOf("&name=rain*&name=high*&sample_rate_hz=8000&sample_rate_hz=16000&channels=1&channels=2"
            + "&folder=nowhere&folder=s"));
        Assert.Empty(await NamesOf("&tag=none&tag=nothing&category=none"));
        Assert.Equal(names, await NamesOf(new { name = (string[])["rain*", "high*", ""], sample_rate_hz = (int[])[8000, 16000],
            channels = 1, folder = (string[])["nowhere", "s"], tag = Array.Empty<string>(), category = "" }));
        Assert.Empty(await NamesOf(new { tag = (string[])["none", "nothing"], category = (string[])["none"] }));
        var many = await _service.Client.GetAsync("/v1/search?q=a" + string.Concat(Enumerable.Repeat("&without=b", 32)),
            TestContext.Current.CancellationToken);
        Assert.Contains("1 parts and 32 texts to leave out", await TestService.RefusalOf(many, HttpStatusCode.UnprocessableEntity));

        Task<string[]> NamesOf(object filter)
        {
            return filter is string query ? Read(_service.GetJsonAsync($"/v1/search?q=rain{query}")) : Read(Ask());

            async Task<JsonElement> Ask() => await TestService.JsonOf(await _service.PostAsync("/v1/search",
                new { parts = new[] { new { text = "rain" } }, filter }));
        }

        static async Task<string[]> Read(Task<JsonElement> answer) => [.. (await answer).GetProperty("hits").EnumerateArray()
            .Select(hit => hit.GetProperty("name").GetString()!).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task The_description_says_which_values_may_be_several()
    {
        var document = await _service.GetJsonAsync("/openapi/v1.json");
        var filter = document.GetProperty("paths").GetProperty("/v1/search").GetProperty("post").GetProperty("requestBody")
            .GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("properties").GetProperty("filter")
            .GetProperty("properties");
        Assert.Equal("number", filter.GetProperty("min_score").GetProperty("type")[1].GetString());
        foreach (var (name, type) in (ReadOnlySpan<(string, string)>)[("folder", "string"), ("tag", "string"), ("channels", "integer")])
            Assert.Equal($"{type}, array of {type}", string.Join(", ", filter.GetProperty(name).GetProperty("anyOf").EnumerateArray()
                .Select(one => one.GetProperty("type").GetString()
                    + (one.TryGetProperty("items", out var items) ? $" of {items.GetProperty("type").GetString()}" : ""))));
        var parameters = document.GetProperty("paths").GetProperty("/v1/search").GetProperty("get").GetProperty("parameters")
            .EnumerateArray().ToDictionary(one => one.GetProperty("name").GetString()!,
                one => one.GetProperty("schema").GetProperty("type").GetString());
        Assert.Equal(("array", "array", "array", "integer", "number", "boolean", "string"), (parameters["folder"], parameters["without"],
            parameters["channels"], parameters["top"], parameters["min_score"], parameters["query_bank"], parameters["index"]));
        // A value of a kind that the description does not give is refused.
        foreach (var (name, type) in parameters)
        {
            if (type is not ("integer" or "number" or "boolean")) continue;
            using var refused = await _service.Client.GetAsync($"/v1/search?q=a&{name}=x", TestContext.Current.CancellationToken);
            Assert.Contains($"{name} is 'x'; expected", await TestService.RefusalOf(refused, HttpStatusCode.UnprocessableEntity));
        }
    }

    [Fact]
    public async Task An_indexed_sound_is_most_similar_to_itself()
    {
        string id = await _service.IdOf("high.wav");
        var hits = (await _service.GetJsonAsync($"/v1/similar?id={id}&start_seconds=2.5&top=1")).GetProperty("hits");
        Assert.Equal((id, 1f), (hits[0].GetProperty("id").GetString(), MathF.Round(hits[0].GetProperty("score").GetSingle(), 4)));
        var part = await TestService.JsonOf(await _service.PostAsync("/v1/search",
            new { parts = new object[] { new { id, start_seconds = 2.5 } }, top = 1 }));
        Assert.Equal(hits.GetRawText(), part.GetProperty("hits").GetRawText());
        var within = await TestService.JsonOf(await _service.PostAsync("/v1/search",
            new { parts = new[] { new { text = "rain" } }, filter = new { id }, group = "window" }));
        Assert.All(within.GetProperty("hits").EnumerateArray(), hit => Assert.Equal(id, hit.GetProperty("id").GetString()));
        Assert.True(within.GetProperty("hits").GetArrayLength() > 1);
    }

    [Fact]
    public async Task A_sound_that_is_sent_finds_the_file_with_its_samples()
    {
        byte[] sound = await File.ReadAllBytesAsync(_service["s/deep/rain.wav"], TestContext.Current.CancellationToken);
        var answer = await TestService.JsonOf(await _service.PostAsync("/v1/search/audio?top=1", sound));
        var hit = answer.GetProperty("hits")[0];
        Assert.Equal(("rain.wav", 1f), (hit.GetProperty("name").GetString(), MathF.Round(hit.GetProperty("score").GetSingle(), 4)));
    }

    [Theory]
    [InlineData("""{"parts":[]}""", "at least one part")]
    [InlineData("""{"parts":[{"text":" "}]}""", "a text is empty")]
    [InlineData("""{"parts":[{"text":"a","id":"b"}]}""", "either a text or an id")]
    [InlineData("""{"parts":[null]}""", "a part is null")]
    [InlineData("""{"parts":[{}]}""", "either a text or an id")]
    [InlineData("""{"parts":[{"text":"a","weight":0}]}""", "the weight 0")]
    [InlineData("""{"parts":[{"text":"a","weight":-1}]}""", "a weight above 0")]
    [InlineData("""{"parts":[{"text":"a","weight":1e9}]}""", "weight is 1000000000")]
    [InlineData("""{"parts":[{"text":"a"}],"top":0}""", "top is 0; expected 1 to 10,000")]
    [InlineData("""{"parts":[{"text":"a"}],"top":10001}""", "top is 10001")]
    [InlineData("""{"parts":[{"text":"a"}],"skip":-1}""", "skip is -1")]
    [InlineData("""{"parts":[{"text":"a"}],"group":"both"}""", "group is 'both'; expected file or window")]
    [InlineData("""{"parts":[{"text":"a"}],"filter":{"added_after":"soon"}}""", "added_after is 'soon'; expected a date")]
    [InlineData("""{"parts":[{"text":"a"}],"filter":{"min_score":2}}""", "min_score is 2")]
    [InlineData("""{"parts":[{"text":"a"}],"filter":{"tag":["a",null]}}""", "tag")]
    [InlineData("""{"parts":[{"text":"a"}],"filter":{"tag":[["a"]]}}""", "tag")]
    [InlineData("""{"parts":[{"text":"a"}],"filter":{"tag":1}}""", "tag")]
    [InlineData("""{"parts":[{"text":"a"}],"filter":{"channels":[1,"2"]}}""", "channels")]
    [InlineData("""{"parts":[{"text":"a"}],"filter":{"channels":1.5}}""", "channels")]
    [InlineData("""{"parts":[{"text":"a"}],"without":[""]}""", "a text is empty")]
    [InlineData("""{"parts":[{"text":"a"}],"query_bank":true}""", "this service has no query bank; leave query_bank out")]
    [InlineData("""{"parts":[{"text":"a"}],"query_bank":1}""", "query_bank")]
    [InlineData("""{"parts":[{"text":"a"}],"tpo":3}""", "tpo")]
    [InlineData("""{"parts":[{"text":"a"}],"parts":[{"text":"b"}]}""", "parts")]
    [InlineData("""{"parts":null}""", "parts")]
    [InlineData("""{"top":3}""", "parts")]
    [InlineData("""[1]""", "not the JSON")]
    [InlineData("""{"parts":""", "not the JSON")]
    [InlineData("null", "is null")]
    public async Task A_question_that_cannot_be_answered_is_refused_with_its_reason(string body, string reason)
    {
        using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        var response = await _service.Client.PostAsync("/v1/search", content, TestContext.Current.CancellationToken);
        Assert.Contains(reason, await TestService.RefusalOf(response, HttpStatusCode.UnprocessableEntity));
    }

    [Theory]
    [InlineData("/v1/search", "the sentence, q, is absent")]
    [InlineData("/v1/search?q=a&top=ten", "top is 'ten'; expected a whole number")]
    [InlineData("/v1/search?q=a&word_weight=1,5", "word_weight is '1,5'; expected a number")]
    [InlineData("/v1/search?q=a&query_bank=true", "this service has no query bank")]
    [InlineData("/v1/search?q=a&query_bank=1", "query_bank is '1'; expected true or false")]
    [InlineData("/v1/search?q=a&q=b", "the parameter q comes 2 times")]
    [InlineData("/v1/search?q=a&limit=3", "there is no parameter 'limit'")]
    [InlineData("/v1/similar", "the file, id, is absent")]
    public async Task A_query_string_that_cannot_be_answered_is_refused_with_its_reason(string path, string reason) =>
        Assert.Contains(reason, await TestService.RefusalOf(await _service.GetAsync(path), HttpStatusCode.UnprocessableEntity));

    [Theory]
    [InlineData("/v1/search?q=a&index=other", "there is no index other; there are sounds")]
    [InlineData("/v1/similar?id=AAAAAAAAAAAAAAAAAAAAAA", "no index has a file of this id")]
    [InlineData("/v1/nothing", "there is nothing at this address")]
    [InlineData("/nothing", "there is nothing at this address")]
    public async Task A_name_of_nothing_is_not_found(string path, string reason) =>
        Assert.Contains(reason, await TestService.RefusalOf(await _service.GetAsync(path), HttpStatusCode.NotFound));

    [Fact]
    public async Task A_body_of_another_type_is_refused()
    {
        using var content = new StringContent("rain");
        var response = await _service.Client.PostAsync("/v1/search", content, TestContext.Current.CancellationToken);
        Assert.Contains("text/plain", await TestService.RefusalOf(response, HttpStatusCode.UnsupportedMediaType));
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_with_and_without_a_stated_length()
    {
        string body = $$"""{"parts":[{"text":"{{new string('a', 1 << 20)}}"}]}""";
        using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        var response = await _service.Client.PostAsync("/v1/search", content, TestContext.Current.CancellationToken);
        Assert.Contains("it may have 1,048,576", await TestService.RefusalOf(response, HttpStatusCode.RequestEntityTooLarge));

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/search");
        request.Headers.TransferEncodingChunked = true;
        request.Content = new StreamContent(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body)));
        request.Content.Headers.ContentType = new("application/json");
        response = await _service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Contains("more than 1,048,576 bytes", await TestService.RefusalOf(response, HttpStatusCode.RequestEntityTooLarge));
    }
}
