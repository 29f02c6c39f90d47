using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using NativeRetrieval.Audio.Metadata;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Server.Tests;

/// <summary>
/// <c>/v1/index</c>: a run that is the service's own, with server-sent events for whoever follows it, its cancellation and its refusals.
/// </summary>
public sealed class IndexingTests : IAsyncLifetime
{
    readonly TemporaryFolder _sounds = new();
    readonly HeldTime _time = new();

    TestService _service = null!;
    Func<FileDescriber> _describer = () => new FileDescriber();

    public async ValueTask InitializeAsync()
    {
        WavFile.Write(_sounds["bell.wav"], 1, 1_200);
        WavFile.Write(_sounds["door.wav"], 3, 500);
        _service = await TestService.StartAsync(options => options with { SoundFolders = [_sounds.FullPath], Time = _time,
            Describer = () => _describer() });
    }

    public async ValueTask DisposeAsync()
    {
        _time.Release();
        await _service.DisposeAsync();
        _sounds.Dispose();
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    Task<HttpResponseMessage> AskAsync(HttpMethod method, CancellationToken cancellation = default)
    {
        var request = new HttpRequestMessage(method, "/v1/index");
        if (method == HttpMethod.Post) request.Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        return _service.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    static async IAsyncEnumerable<(string Name, JsonElement Data)> EventsOf(HttpResponseMessage response)
    {
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(Token)).EnumerateAsync(Token))
            yield return (item.EventType, JsonDocument.Parse(item.Data).RootElement);
    }

    /// <summary>Reads until the file of this name is looked at.</summary>
    static async Task UntilAsync(HttpResponseMessage response, string file)
    {
        await foreach (var (name, data) in EventsOf(response))
            if (name == "progress" && data.GetProperty("path").GetString() is { } path && path.EndsWith(file, StringComparison.Ordinal))
                return;
        Assert.Fail($"the run ended before {file}");
    }

    async Task<List<(string Name, JsonElement Data)>> IndexAsync()
    {
        _time.Release();
        using var response = await AskAsync(HttpMethod.Post, Token);
        return await EventsOf(response).ToListAsync(Token);
    }

    /// <summary>Files added, changed, moved, removed, unchanged and refused.</summary>
    static string FilesOf(JsonElement end) => string.Join(' ',
        ((string[])["added", "changed", "moved", "removed", "unchanged", "refused"]).Select(name => end.GetProperty(name).GetInt32()));

    [Fact]
    public async Task New_sounds_are_found_when_the_run_is_done_and_every_file_is_accounted_for()
    {
        File.WriteAllText(_sounds["broken.wav"], "no sound");
        File.WriteAllText(_sounds["film.wma"], "of a kind that needs ffmpeg");
        var events = await IndexAsync();
        var (name, done) = events[^1];
        Assert.Equal("done", name);
        // Without ffmpeg the fourth is of a kind that is not read, with it no sound: refused it is.
        Assert.Equal("2 0 0 0 0 2", FilesOf(done));
        Assert.Equal(("sounds", 4.0), (done.GetProperty("index").GetString(), done.GetProperty("seconds").GetDouble()));
        string[] reasons = [.. events.Where(item => item.Name == "refused").Select(item => item.Data.GetProperty("reason").GetString()!)];
        Assert.Equal(2, reasons.Length);
        Assert.Contains(reasons, reason => reason.StartsWith(_sounds["broken.wav"], StringComparison.Ordinal));
        var found = await _service.GetJsonAsync("/v1/search?q=bell&top=100");
        Assert.Equal(6, found.GetProperty("total").GetInt32());
        Assert.Equal("bell.wav", found.GetProperty("hits")[0].GetProperty("name").GetString());

        File.Delete(_sounds["broken.wav"]);
        File.Delete(_sounds["film.wma"]);
        Assert.Equal("0 0 0 0 2 0", FilesOf((await IndexAsync())[^1].Data));
        WavFile.Write(_sounds["door.wav"], 2.5, 650);
        File.Move(_sounds["bell.wav"], _sounds["bell 2.wav"]);
        Assert.Equal("0 1 1 0 0 0", FilesOf((await IndexAsync())[^1].Data));
        File.Delete(_sounds["bell 2.wav"]);
        Assert.Equal("0 0 0 1 1 0", FilesOf((await IndexAsync())[^1].Data));
    }

    [Fact]
    public async Task What_is_written_about_the_sounds_is_asked_anew_by_each_run()
    {
        var titles = new Dictionary<string, string> { ["bell.wav"] = "A gong" };
        _describer = () => new FileDescriber { Sidecar = path => titles.GetValueOrDefault(Path.GetFileName(path)) is { } title
            ? new SoundText { Title = title } : null };
        Assert.Equal("2 0 0 0 0 0", FilesOf((await IndexAsync())[^1].Data));
        Assert.Equal("A gong, -", Titles());
        titles = new() { ["bell 2.wav"] = "A bowl", ["door.wav"] = "A gate" };
        File.Move(_sounds["bell.wav"], _sounds["bell 2.wav"]);
        Assert.Equal("0 0 1 0 1 0", FilesOf((await IndexAsync())[^1].Data));
        Assert.Equal("A bowl, A gate", Titles());

        _describer = () => throw new CorruptFileException("sounds.csv", "line 3: is no row");
        var (name, problem) = (await IndexAsync())[^1];
        Assert.Equal(("error", 409, "sounds.csv: line 3: is no row"), (name, problem.GetProperty("status").GetInt32(),
            problem.GetProperty("detail").GetString()));

        string Titles()
        {
            using var index = LocalAudioIndex.Open(_service.IndexFolder, IndexAccess.Read);
            return string.Join(", ", index.Details().Where(file => file.Key.StartsWith(_sounds.FullPath, StringComparison.Ordinal))
                .OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => file.Value!.Title ?? "-"));
        }
    }

    [Fact]
    public async Task A_service_that_reads_questions_in_8_bits_indexes_texts_in_float32()
    {
        _time.Release();
        using var engine = RetrievalEngine.Open(TinyModel.Write(_sounds["model"]), CpuDevice.Shared, textPrecision: TextPrecision.Int8);
        await using var service = await TestService.StartAsync(options => options with
        {
            SoundFolders = [_sounds.FullPath], Engine = engine,
        });
        using var response = await service.PostAsync("/v1/index", new { });
        Assert.Equal("done", (await EventsOf(response).LastAsync(Token)).Name);
        using var index = LocalAudioIndex.Open(service.IndexFolder, IndexAccess.Read);
        Assert.Empty(index.TextsWithoutVectors());
        Assert.NotNull(index.Background());
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/v1/search?q=bell")).StatusCode);
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
    public async Task Who_went_away_comes_back_to_the_same_run_and_finds_its_end_afterwards()
    {
        using (var gone = new CancellationTokenSource())
        {
            using var begun = await AskAsync(HttpMethod.Post, gone.Token);
            await UntilAsync(begun, "bell.wav");
            await gone.CancelAsync();
        }
        Assert.Contains("already", await TestService.RefusalOf(await AskAsync(HttpMethod.Post, Token), HttpStatusCode.Conflict));
        using var head = await AskAsync(HttpMethod.Head, Token);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        using var again = await AskAsync(HttpMethod.Get, Token);
        await UntilAsync(again, "bell.wav");
        _time.Release();
        using var other = await AskAsync(HttpMethod.Get, Token);
        Assert.Equal("2 0 0 0 0 0", FilesOf((await EventsOf(other).LastAsync(Token)).Data));
        using var later = await AskAsync(HttpMethod.Get, Token);
        Assert.Equal("done", (await EventsOf(later).SingleAsync(Token)).Name);
        using var index = LocalAudioIndex.Open(_service.IndexFolder, IndexAccess.Read);
        Assert.True(index.Verify().IsIntact);
        Assert.Equal(6, index.Stats().Files);
    }

    [Fact]
    public async Task A_cancelled_run_keeps_what_was_indexed_and_the_next_goes_on()
    {
        using var nothing = await AskAsync(HttpMethod.Get, Token);
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
        Assert.Contains("no index is being brought up to date",
            await TestService.RefusalOf(await AskAsync(HttpMethod.Delete, Token), HttpStatusCode.NotFound));
        using var begun = await AskAsync(HttpMethod.Post, Token);
        using var followed = await AskAsync(HttpMethod.Get, Token);
        await UntilAsync(begun, "bell.wav");
        using var cancelled = await AskAsync(HttpMethod.Delete, Token);
        Assert.Equal(HttpStatusCode.NoContent, cancelled.StatusCode);
        _time.Release();
        var (name, end) = await EventsOf(followed).LastAsync(Token);
        Assert.Equal("cancelled", name);
        Assert.Equal("1 0 0 0 0 0", FilesOf(end));
        Assert.Equal("1 0 0 0 1 0", FilesOf((await IndexAsync())[^1].Data));
    }

    [Fact]
    public async Task A_service_that_stops_ends_the_run_and_says_so()
    {
        using var begun = await AskAsync(HttpMethod.Post, Token);
        using var followed = await AskAsync(HttpMethod.Get, Token);
        await UntilAsync(begun, "bell.wav");
        var stopped = _service.Host.StopAsync();
        while (await IsAnsweredAsync()) await Task.Delay(1, Token);
        _time.Release();
        var (name, problem) = await EventsOf(followed).LastAsync(Token);
        Assert.Equal(("error", 503), (name, problem.GetProperty("status").GetInt32()));
        Assert.True(await stopped);

        async Task<bool> IsAnsweredAsync()
        {
            using var client = new HttpClient();
            try
            {
                using var response = await client.GetAsync(new Uri(_service.Host.Address, "/health"), Token);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_request_names_no_folder_and_without_an_operators_none_is_indexed()
    {
        Assert.True((await _service.GetJsonAsync("/v1/indexes")).GetProperty("can_update").GetBoolean());
        Assert.Contains("path", await TestService.RefusalOf(await _service.PostAsync("/v1/index", new { path = "/etc" }),
            HttpStatusCode.UnprocessableEntity));
        Assert.Contains("there is no index music", await TestService.RefusalOf(await _service.PostAsync("/v1/index",
            new { index = "music" }), HttpStatusCode.NotFound));
        await using var plain = await TestService.StartAsync();
        Assert.False((await plain.GetJsonAsync("/v1/indexes")).GetProperty("can_update").GetBoolean());
        Assert.Contains("no folder of sounds", await TestService.RefusalOf(await plain.PostAsync("/v1/index", new { }),
            HttpStatusCode.Forbidden));
    }

    /// <summary>A clock that is asked when a file has been embedded, and holds the run there until it is released.</summary>
    sealed class HeldTime : TimeProvider
    {
        readonly ManualResetEventSlim _released = new();

        public void Release() => _released.Set();

        public override DateTimeOffset GetUtcNow()
        {
            _released.Wait(Token);
            return new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        }
    }
}
