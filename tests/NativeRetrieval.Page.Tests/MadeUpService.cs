using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NativeRetrieval.Server;
using NativeRetrieval.Server.Endpoints;

namespace NativeRetrieval.Page.Tests;

/// <summary>
/// The real page in front of a service whose answers are made up: any number of recordings, refusals and delays by order, and a record of
/// all that the page asked for.
/// </summary>
internal sealed class MadeUpService : IAsyncDisposable
{
    readonly WebApplication _application;

    MadeUpService(WebApplication application) => _application = application;

    public string Address => _application.Urls.First();

    public MadeUpSounds Sounds { get; } = new();

    /// <summary>The key that requests must carry; null: none.</summary>
    public string? Key { get; set; }

    /// <summary>Refusal that answers every search while it is set.</summary>
    public (int Status, string Detail, int? RetryAfterSeconds)? Refusal { get; set; }

    /// <summary>Work before a search with this text is answered.</summary>
    public Func<string, CancellationToken, Task> BeforeSearch { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Bodies of searches by text and example, first to last.</summary>
    public ConcurrentQueue<JsonElement> Searches { get; } = new();

    /// <summary>Sounds that were searched by, with their query strings.</summary>
    public ConcurrentQueue<(string Query, byte[] Sound)> AudioSearches { get; } = new();

    /// <summary>Paths and query strings of sounds and pictures that were asked for.</summary>
    public ConcurrentQueue<string> Media { get; } = new();

    public ConcurrentQueue<JsonElement> Exports { get; } = new();

    /// <summary>The run that goes on, or went on last.</summary>
    public MadeUpRun? Run { get; set; }

    /// <summary>Bodies of requests for a run.</summary>
    public ConcurrentQueue<JsonElement> Runs { get; } = new();

    public static async Task<MadeUpService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton(new ServerOptions { Indexes = ["made-up.nrx"] });
        var service = new MadeUpService(builder.Build());
        service.Map(service._application);
        await service._application.StartAsync();
        return service;
    }

    void Map(WebApplication application)
    {
        application.Use(async (context, next) =>
        {
            bool isService = context.Request.Path.StartsWithSegments("/v1");
            if (isService && Key is not null && context.Request.Headers.Authorization != $"Bearer {Key}")
                await RefuseAsync(context, 401, "this service takes a key", null);
            else await next(context);
        });
        PageEndpoints.Map(application);
        application.MapGet("/v1/indexes", () => Results.Json(Sounds.Indexes));
        application.MapPost("/v1/search", SearchAsync);
        application.MapPost("/v1/search/audio", SearchAudioAsync);
        application.MapGet("/v1/files/{id}", (string id) => Results.Json(Sounds.File(id)));
        application.MapGet("/v1/audio/{id}", (HttpContext context, string id) => Seen(context, Sounds.Wav(id, context.Request.Query)));
        application.MapGet("/v1/audio/{id}/peaks", (HttpContext context, string id) => Seen(context, Results.Json(MadeUpSounds.Peaks())));
        application.MapGet("/v1/audio/{id}/spectrogram", (HttpContext context, string id) =>
            Seen(context, Results.Bytes(MadeUpSounds.GreyPng, "image/png")));
        application.MapPost("/v1/index", BeginAsync);
        application.MapGet("/v1/index", (HttpContext context) => Run is { } run ? run.FollowAsync(context) : NoContent(context));
        application.MapDelete("/v1/index", (HttpContext context) =>
        {
            Run!.IsCancelled = true;
            return NoContent(context);
        });
        application.MapPost("/v1/export", async (HttpContext context) =>
        {
            var body = await BodyAsync(context);
            Exports.Enqueue(body);
            string format = body.GetProperty("format").GetString()!;
            return Results.Bytes("exported"u8.ToArray(), "application/octet-stream", $"hits.{format}");
        });
    }

    async Task BeginAsync(HttpContext context)
    {
        Runs.Enqueue(await BodyAsync(context));
        if (Run is { HasEnded: false })
        {
            await RefuseAsync(context, 409, "an index is being brought up to date already", null);
            return;
        }
        Run = new MadeUpRun();
        await Run.FollowAsync(context);
    }

    static Task NoContent(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    async Task SearchAsync(HttpContext context)
    {
        var body = await BodyAsync(context);
        Searches.Enqueue(body);
        string text = body.GetProperty("parts")[0].TryGetProperty("text", out var said) ? said.GetString()! : "";
        await BeforeSearch(text, context.RequestAborted);
        var filter = body.GetProperty("filter");
        string? file = filter.TryGetProperty("id", out var id) ? id.GetString() : null;
        string? name = filter.TryGetProperty("name", out var globs) ? globs[0].GetString() : null;
        await AnswerAsync(context, Sounds.Hits(body.GetProperty("top").GetInt32(), body.GetProperty("skip").GetInt32(), file, name, text));
    }

    async Task SearchAudioAsync(HttpContext context)
    {
        using var sound = new MemoryStream();
        await context.Request.Body.CopyToAsync(sound);
        AudioSearches.Enqueue((context.Request.QueryString.Value!, sound.ToArray()));
        await AnswerAsync(context, Sounds.Hits(100, 0, null, null, "sound"));
    }

    async Task AnswerAsync(HttpContext context, object hits)
    {
        if (Refusal is { } refusal) await RefuseAsync(context, refusal.Status, refusal.Detail, refusal.RetryAfterSeconds);
        else await Results.Json(hits).ExecuteAsync(context);
    }

    static Task RefuseAsync(HttpContext context, int status, string detail, int? retryAfterSeconds)
    {
        if (retryAfterSeconds is { } seconds) context.Response.Headers.RetryAfter = $"{seconds}";
        return Results.Problem(detail, statusCode: status).ExecuteAsync(context);
    }

    IResult Seen(HttpContext context, IResult result)
    {
        Media.Enqueue(context.Request.Path + context.Request.QueryString);
        return result;
    }

    static async Task<JsonElement> BodyAsync(HttpContext context) => (await JsonDocument.ParseAsync(context.Request.Body)).RootElement;

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
    }
}
