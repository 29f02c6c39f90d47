using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Server.Tests;

/// <summary>A service on a free port, with a model of random weights and an index of four sounds.</summary>
public sealed class TestService : IAsyncDisposable
{
    readonly TemporaryFolder _folder;

    TestService(TemporaryFolder folder, ServerOptions options, ServerHost host)
    {
        (_folder, Options, Host) = (folder, options, host);
        Client = new HttpClient { BaseAddress = host.Address };
    }

    public ServerOptions Options { get; }

    public ServerHost Host { get; }

    public HttpClient Client { get; }

    public string this[string path] => _folder[path];

    public string IndexFolder => _folder["sounds.nrx"];

    public static async Task<TestService> StartAsync(Func<ServerOptions, ServerOptions>? adjust = null)
    {
        var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["s/deep"]);
        WavFile.Write(folder["s/low.wav"], 1, 300);
        WavFile.Write(folder["s/high.wav"], 5, 2000);
        WavFile.Write(folder["s/deep/dog, barking.wav"], 2, 700);
        WavFile.Write(folder["s/deep/rain.wav"], 1.5, 900);
        using (var engine = TinyModel.Open(folder["tiny"]))
            await IndexAsync(engine, folder["sounds.nrx"], folder["s"]);
        var options = new ServerOptions { Indexes = [folder["sounds.nrx"]], UploadProgram = DecodingProgram };
        options = adjust?.Invoke(options) ?? options;
        return new TestService(folder, options, await ServerHost.StartAsync(options, IPAddress.Loopback, 0));
    }

    public static string[] DecodingProgram => ["dotnet", Path.Combine(AppContext.BaseDirectory, "NativeRetrieval.Cli.dll")];

    public static async Task IndexAsync(RetrievalEngine engine, string index, string sounds)
    {
        using var made = LocalAudioIndex.EnsureCollectionExists(index, engine.IndexSettings());
        await new AudioIndexer(engine, made) { Time = TimeProvider.System }.RunAsync([sounds]);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(path, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> PostAsync(string path, object body) =>
        Client.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> PostAsync(string path, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/octet-stream");
        return Client.PostAsync(path, content, TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement> GetJsonAsync(string path) => await JsonOf(await GetAsync(path));

    public static async Task<JsonElement> JsonOf(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>The detail of a refusal, which is problem details of a status.</summary>
    public static async Task<string> RefusalOf(HttpResponseMessage response, HttpStatusCode status)
    {
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEqual("", problem.GetProperty("title").GetString());
        Assert.Equal("about:blank", problem.GetProperty("type").GetString());
        return problem.GetProperty("detail").GetString()!;
    }

    /// <summary>The id of an indexed file, from a search.</summary>
    public async Task<string> IdOf(string name)
    {
        var found = await GetJsonAsync("/v1/search?q=rain&top=100");
        return found.GetProperty("hits").EnumerateArray().Single(hit => hit.GetProperty("name").GetString() == name)
            .GetProperty("id").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.StopAsync();
        await Host.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>One service for the tests that leave it as it is.</summary>
public sealed class SharedService : IAsyncLifetime
{
    public TestService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await TestService.StartAsync();

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}
