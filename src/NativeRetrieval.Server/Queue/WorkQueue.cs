using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using NativeRetrieval.Engine;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Sounds;
using NativeRetrieval.Server.Telemetry;

namespace NativeRetrieval.Server.Queue;

/// <summary>
/// The one place where the model and the search run: a bounded queue, and a worker that takes all that waits as one pass. Texts of a pass
/// are embedded together, and questions to one index are answered together.
/// </summary>
internal sealed class WorkQueue : IHostedService
{
    readonly Channel<Work> _waiting;
    readonly ServedLibrary _library;
    readonly int _batch;
    Task _worker = Task.CompletedTask;

    public WorkQueue(ServerOptions options, ServedLibrary library)
    {
        (_library, _batch) = (library, options.Limits.Batch);
        _waiting = Channel.CreateBounded<Work>(new BoundedChannelOptions(options.Limits.Waiting) { SingleReader = true });
    }

    /// <summary>Waits for work to be done.</summary>
    /// <exception cref="Refusal">The queue is full, or the service stops.</exception>
    public async Task<T> DoAsync<T>(Work<T> work)
    {
        if (!_waiting.Writer.TryWrite(work))
        {
            ServiceMetrics.Refused();
            throw Refusal.Busy();
        }
        ServiceMetrics.Waiting(1);
        return await work.Result.WaitAsync(work.Cancellation).ConfigureAwait(false);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _worker = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Takes nothing new and finishes what waits.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        return _worker.WaitAsync(cancellationToken);
    }

    async Task RunAsync()
    {
        await LoadAsync().ConfigureAwait(false);
        var batch = new List<Work>(_batch);
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            batch.Clear();
            while (batch.Count < _batch && _waiting.Reader.TryRead(out var work))
            {
                ServiceMetrics.Waiting(-1);
                if (!work.IsAbandoned) batch.Add(work);
            }
            if (batch.Count > 0) await AnswerAsync(batch).ConfigureAwait(false);
        }
    }

    /// <summary>Brings the indexes into memory, so that the first request takes no longer than the others.</summary>
    async Task LoadAsync()
    {
        foreach (var index in _library.Indexes)
            try
            {
                await index.UseAsync(async opened =>
                {
                    await opened.Index.LoadAsync().ConfigureAwait(false);
                    return true;
                }).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Every search of this index meets it too, and tells who asks.
            }
    }

    async Task AnswerAsync(List<Work> batch)
    {
        using var activity = RetrievalTelemetry.Activities.StartActivity("pass");
        activity?.SetTag("nativeretrieval.requests", batch.Count);
        ServiceMetrics.Batch(batch.Count);
        await TogetherAsync([.. batch.OfType<TextWork>()], EmbedAsync).ConfigureAwait(false);
        foreach (var questions in batch.OfType<SearchWork>().GroupBy(work => work.Index))
            await TogetherAsync([.. questions], works => SearchAsync(questions.Key, works)).ConfigureAwait(false);
        foreach (var sound in batch.OfType<SoundWork>())
            await TogetherAsync([sound], EmbedAsync).ConfigureAwait(false);
    }

    /// <summary>Does several requests' work at once; where that fails, each alone, so that only those fail that must.</summary>
    static async Task TogetherAsync<T>(IReadOnlyList<T> works, Func<IReadOnlyList<T>, Task> doAll) where T : Work
    {
        if (works.Count == 0) return;
        try
        {
            await doAll(works).ConfigureAwait(false);
        }
        catch (Exception error) when (works.Count == 1)
        {
            works[0].Fail(error);
        }
        catch (Exception)
        {
            foreach (var work in works) await TogetherAsync([work], doAll).ConfigureAwait(false);
        }
    }

    Task EmbedAsync(IReadOnlyList<TextWork> works)
    {
        int width = _library.Engine.Model.Config.EmbeddingDimension, at = 0;
        float[] vectors = _library.Engine.EmbedTexts([.. works.SelectMany(work => work.Texts)]);
        foreach (var work in works)
        {
            int values = work.Texts.Count * width;
            work.Finish(vectors.AsSpan(at, values).ToArray());
            at += values;
        }
        return Task.CompletedTask;
    }

    Task EmbedAsync(IReadOnlyList<SoundWork> works)
    {
        foreach (var work in works)
        {
            var stream = new SampleStream(work.Samples, _library.Engine.Model.Config.LogMel.SampleRateHz);
            var windows = _library.Engine.EmbedStream(stream, "the sound", work.WindowSeconds, work.WindowSeconds, work.Cancellation);
            work.Finish(windows[0].Vector.ToArray());
        }
        return Task.CompletedTask;
    }

    static Task SearchAsync(ServedIndex index, IReadOnlyList<SearchWork> works) => index.UseAsync(async opened =>
    {
        var answers = await opened.Search.SearchBatchAsync([.. works.Select(work => work.Query)]).ConfigureAwait(false);
        for (int i = 0; i < works.Count; i++) works[i].Finish(new IndexAnswer(answers[i], opened.Files));
        return true;
    });
}
