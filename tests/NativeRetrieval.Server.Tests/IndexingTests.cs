using System.Net;
using System.Text.Json;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Server.Tests;

/// <summary><c>POST /v1/index</c>: server-sent events, cancellation and what it refuses.</summary>
public sealed class IndexingTests : IAsyncLifetime
{
    readonly TemporaryFolder _sounds = new();

    TestService _service = null!;

    public async ValueTask InitializeAsync()
    {
        WavFile.Write(_sounds["bell.wav"], 1, 1_200);
        WavFile.Write(_sounds["door.wav"], 3, 500);
        _service = await TestService.StartAsync(options => options with { SoundFolders = [_sounds.FullPath] });
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _sounds.Dispose();
    }

    /// <summary>The events of an answer, by name with their data.</summary>
    static List<(string Name, JsonElement Data)> Events(string text) => [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split('\n')).Select(lines => (lines[0]["event: ".Length..],
            JsonDocument.Parse(lines[1]["data: ".Length..]).RootElement))];

    async Task<List<(string Name, JsonElement Data)>> IndexAsync()
    {
        using var response = await _service.PostAsync("/v1/index", new { index = "sounds" });
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        return Events(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task New_sounds_are_found_when_the_run_is_done_and_nothing_is_done_twice()
    {
        var events = await IndexAsync();
        Assert.All(events.SkipLast(1), item => Assert.Equal("progress", item.Name));
        var (name, done) = events[^1];
        Assert.Equal(("done", 2, 0), (name, done.GetProperty("embedded").GetInt32(), done.GetProperty("removed").GetInt32()));
        if (events.Count > 1) Assert.Equal(2, events[^2].Data.GetProperty("total").GetInt32());
        var found = await _service.GetJsonAsync("/v1/search?q=bell&top=100");
        Assert.Equal(6, found.GetProperty("total").GetInt32());
        Assert.Equal("bell.wav", found.GetProperty("hits")[0].GetProperty("name").GetString());
        Assert.Equal(2, (await IndexAsync())[^1].Data.GetProperty("unchanged").GetInt32());
    }

    [Fact]
    public async Task A_run_that_meets_another_writer_says_so_in_an_event()
    {
        using (LocalAudioIndex.Open(_service.IndexFolder, IndexAccess.Write))
        {
            var (name, problem) = (await IndexAsync())[^1];
            Assert.Equal(("error", 409), (name, problem.GetProperty("status").GetInt32()));
        }
        Assert.Equal("done", (await IndexAsync())[^1].Name);
    }

    [Fact]
    public async Task An_asker_who_goes_away_ends_the_run_and_the_next_goes_on()
    {
        using (var gone = new CancellationTokenSource())
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/index")
            {
                Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json"),
            };
            using var response = await _service.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);
            await gone.CancelAsync();
        }
        // The run that was left ends by itself: until then it is the one that may be.
        for (;;)
        {
            using var response = await _service.PostAsync("/v1/index", new { });
            if (response.StatusCode == HttpStatusCode.Conflict) continue;
            var (name, data) = Events(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))[^1];
            if (name == "error") continue;
            Assert.Equal(2, data.GetProperty("embedded").GetInt32() + data.GetProperty("unchanged").GetInt32());
            break;
        }
        using var index = LocalAudioIndex.Open(_service.IndexFolder, IndexAccess.Read);
        Assert.True(index.Verify().IsIntact);
        Assert.Equal(6, index.Stats().Files);
    }

    [Fact]
    public async Task A_request_names_no_folder_and_without_an_operators_none_is_indexed()
    {
        Assert.Contains("path", await TestService.RefusalOf(await _service.PostAsync("/v1/index", new { path = "/etc" }),
            HttpStatusCode.UnprocessableEntity));
        Assert.Contains("there is no index music", await TestService.RefusalOf(await _service.PostAsync("/v1/index",
            new { index = "music" }), HttpStatusCode.NotFound));
        await using var plain = await TestService.StartAsync();
        Assert.Contains("no folder of sounds", await TestService.RefusalOf(await plain.PostAsync("/v1/index", new { }),
            HttpStatusCode.Forbidden));
    }
}
