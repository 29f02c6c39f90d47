using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;

namespace NativeRetrieval.Server.Endpoints;

/// <summary>
/// An index brought up to date with the folders that the operator named, with server-sent events of its progress. Whoever asks names no
/// path. One run at a time; it ends when the asker goes away or the service stops, and what was committed stays.
/// </summary>
internal sealed class IndexingEndpoints(ServerOptions options, ServedLibrary library, IHostApplicationLifetime lifetime)
{
    int _runs;

    public void Map(IEndpointRouteBuilder routes) => routes.Post("/index", IndexAsync,
        new("Brings an index up to date with the service's folders of sounds")
        {
            Takes = typeof(IndexingRequest),
            GivesBytes = "text/event-stream",
        });

    async Task IndexAsync(HttpContext context)
    {
        var request = await Body.ReadJsonAsync(context, ContractJson.Default.IndexingRequest, options.Limits.JsonBytes);
        var index = library.Named(request.Index);
        if (options.SoundFolders.Count == 0)
            throw new Refusal(StatusCodes.Status403Forbidden, "this service has no folder of sounds to index; its operator names them");
        if (Interlocked.CompareExchange(ref _runs, 1, 0) != 0)
            throw new Refusal(StatusCodes.Status409Conflict, "an index is being brought up to date already; ask again when that is done");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            var news = Channel.CreateBounded<IndexingProgress>(
                new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
            var run = Task.Run(() => RunAsync(index, news.Writer, end.Token), CancellationToken.None);
            context.Response.ContentType = "text/event-stream; charset=utf-8";
            await foreach (var progress in news.Reader.ReadAllAsync(CancellationToken.None))
                if (!end.IsCancellationRequested)
                    await SendAsync(context, "progress", progress, ContractJson.Default.IndexingProgress, end);
            await EndAsync(context, run, end);
        }
        finally
        {
            Volatile.Write(ref _runs, 0);
        }
    }

    /// <summary>Says how the run ended.</summary>
    static async Task EndAsync(HttpContext context, Task<IndexingReport> run, CancellationTokenSource end)
    {
        try
        {
            var report = await run;
            await SendAsync(context, "done", new IndexingDone(report.Embedded, report.Windows, Math.Round(report.AudioSeconds, 3),
                report.Unchanged, report.Moved, report.Removed, report.Skipped), ContractJson.Default.IndexingDone, end);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            await SendAsync(context, "error", new Problem("Service Unavailable", StatusCodes.Status503ServiceUnavailable,
                "the service stops; what was indexed stays, and the next run goes on from there"), ContractJson.Default.Problem, end);
        }
        catch (NativeRetrievalException error)
        {
            await SendAsync(context, "error", new Problem("Conflict", StatusCodes.Status409Conflict, PlainText.Of(error.Message)),
                ContractJson.Default.Problem, end);
        }
    }

    async Task<IndexingReport> RunAsync(ServedIndex served, ChannelWriter<IndexingProgress> news, CancellationToken cancellation)
    {
        try
        {
            using var index = LocalAudioIndex.Open(served.Folder, IndexAccess.Write, library.Engine.Fingerprint);
            return await new AudioIndexer(library.Engine, index) { ReadTexts = library.Engine.ReadTexts, Time = TimeProvider.System }
                .RunAsync(options.SoundFolders, new Reporter(news), cancellation);
        }
        finally
        {
            news.Complete();
        }
    }

    /// <summary>An event; where nobody listens any more, the run is ended.</summary>
    static async Task SendAsync<T>(HttpContext context, string name, T value, JsonTypeInfo<T> type, CancellationTokenSource end)
    {
        try
        {
            await context.Response.WriteAsync($"event: {name}\ndata: {JsonSerializer.Serialize(value, type)}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            await end.CancelAsync();
        }
    }

    /// <summary>Hands on the newest state; one that was not sent yet is dropped.</summary>
    sealed class Reporter(ChannelWriter<IndexingProgress> news) : IProgress<(int Done, int Total, double Seconds)>
    {
        public void Report((int Done, int Total, double Seconds) value) =>
            news.TryWrite(new IndexingProgress(value.Done, value.Total, Math.Round(value.Seconds, 3)));
    }
}
