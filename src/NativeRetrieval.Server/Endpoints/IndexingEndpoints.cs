using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Jobs;
using NativeRetrieval.Server.Library;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>
/// An index brought up to date with the folders that the operator named, with server-sent events of its progress. Whoever asks names no
/// path, may go away and come back, and may cancel the run.
/// </summary>
internal sealed class IndexingEndpoints(ServerOptions options, ServedLibrary library, IndexingDesk desk)
{
    const string EventStream = "text/event-stream";

    /// <summary>Least time between two states that a follower is told.</summary>
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Post("/index", BeginAsync, new("Brings an index up to date with the service's folders of sounds")
        {
            Takes = typeof(IndexingRequest),
            GivesBytes = EventStream,
        });
        routes.Get("/index", FollowAsync,
            new("The run that brings an index up to date, or the last one's end") { GivesBytes = EventStream });
        routes.Delete("/index", CancelAsync, new("Cancels the run; what was indexed stays"));
    }

    async Task BeginAsync(HttpContext context)
    {
        var request = await Body.ReadJsonAsync(context, ContractJson.Default.IndexingRequest, options.Limits.JsonBytes);
        await TellAsync(context, desk.Begin(library.Named(request.Index)));
    }

    Task FollowAsync(HttpContext context)
    {
        _ = new QueryReader(context.Request);
        if (desk.Latest is { } run) return TellAsync(context, run);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    Task CancelAsync(HttpContext context)
    {
        desk.Cancel();
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Sends a run's events until it ends or nobody listens any more.</summary>
    static async Task TellAsync(HttpContext context, IndexingRun run)
    {
        context.Response.ContentType = $"{EventStream}; charset=utf-8";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        var gone = context.RequestAborted;
        try
        {
            for (int reasons = 0; ;)
            {
                var (events, isLast, news) = run.Since(reasons);
                reasons += events.Count - 1;
                foreach (var (name, data) in events) await context.Response.WriteAsync($"event: {name}\ndata: {data}\n\n", gone);
                await context.Response.Body.FlushAsync(gone);
                if (isLast) return;
                await Task.Delay(_pause, gone);
                await news.WaitAsync(gone);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && gone.IsCancellationRequested)
        {
            // Whoever listened went away; the run goes on.
        }
    }
}
