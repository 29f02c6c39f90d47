using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.Server.Contract;
using NativeRetrieval.Server.Library;

namespace NativeRetrieval.Server.Jobs;

/// <summary>
/// The runs that bring indexes up to date, one at a time. A run belongs to the service: whoever began it may go away. It ends by itself,
/// when it is cancelled, or when the service stops; what was committed stays.
/// </summary>
internal sealed class IndexingDesk(ServerOptions options, ServedLibrary library, IHostApplicationLifetime lifetime,
    ILogger<IndexingDesk> log) : IHostedService
{
    readonly Lock _gate = new();
    CancellationTokenSource? _cancel;
    Task _running = Task.CompletedTask;

    /// <summary>The run that goes on, else the last that ended; null: there was none.</summary>
    public IndexingRun? Latest { get; private set; }

    /// <summary>Begins a run.</summary>
    /// <exception cref="Refusal">Another goes on, or the service has no folder of sounds.</exception>
    public IndexingRun Begin(ServedIndex index)
    {
        if (options.SoundFolders.Count == 0)
            throw new Refusal(StatusCodes.Status403Forbidden, "this service has no folder of sounds to index; its operator names them");
        lock (_gate)
        {
            if (Latest is { HasEnded: false })
                throw new Refusal(StatusCodes.Status409Conflict,
                    "an index is being brought up to date already; ask again when that is done");
            var run = Latest = new IndexingRun(index.Name);
            var cancel = _cancel = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping);
            _running = Task.Run(() => RunAsync(run, index.Folder, cancel), CancellationToken.None);
            return run;
        }
    }

    /// <summary>Has the run that goes on ended; its followers are told when it has.</summary>
    /// <exception cref="Refusal">None goes on.</exception>
    public void Cancel()
    {
        lock (_gate)
        {
            if (Latest is not { HasEnded: false }) throw Refusal.NotFound("no index is being brought up to date");
            _cancel!.Cancel();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits for the run, which the stopping service has cancelled.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _running.WaitAsync(cancellationToken);

    async Task RunAsync(IndexingRun run, string folder, CancellationTokenSource cancel)
    {
        try
        {
            await IndexAsync(run, folder, cancel.Token).ConfigureAwait(false);
            run.End("done");
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            run.Fail(new Problem("Service Unavailable", StatusCodes.Status503ServiceUnavailable,
                "the service stops; what was indexed stays, and the next run goes on from there"));
        }
        catch (OperationCanceledException)
        {
            run.End("cancelled");
        }
        catch (NativeRetrievalException error)
        {
            run.Fail(new Problem("Conflict", StatusCodes.Status409Conflict, error.Message));
        }
        catch (Exception error)
        {
            log.LogError(error, "bringing {Folder} up to date failed", folder);
            run.Fail(new Problem("Internal Server Error", StatusCodes.Status500InternalServerError,
                "internal error; the service's log has it"));
        }
        finally
        {
            lock (_gate) cancel.Dispose();
        }
    }

    async Task IndexAsync(IndexingRun run, string folder, CancellationToken cancellation)
    {
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Write, library.Engine.Fingerprint);
        // Questions may be read in 8 bits; what an index keeps is float32.
        var engine = library.Engine;
        var reader = new Lazy<RetrievalEngine>(() => engine.TextPrecision == TextPrecision.Float32 ? engine
            : engine.OpenAgain(ModelParts.Text, TextPrecision.Float32));
        try
        {
            await new AudioIndexer(engine, index)
            {
                Describer = options.Describer?.Invoke() ?? new FileDescriber(), ReadTexts = texts => reader.Value.ReadTexts(texts),
                Time = options.Time, Met = run.Met,
            }.RunAsync(options.SoundFolders, run, cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (reader.IsValueCreated && reader.Value != engine) reader.Value.Dispose();
        }
    }
}
