using System.Diagnostics;
using System.Threading.Channels;
using NativeRetrieval.Engine;

namespace NativeRetrieval.Hosting.Batching;

/// <summary>
/// The way of concurrent calls to the model: a bounded queue, and a worker that takes what waits as one pass. Where the queue is full,
/// callers wait for a place in it. A pass that fails is done again call by call, so that only those fail that must.
/// </summary>
internal sealed class PassQueue<T> : IDisposable
{
    readonly Channel<PassCall<T>> _waiting;
    readonly Func<IReadOnlyList<T>, float[]> _embed;
    readonly string _kind;
    readonly int _mostItems, _width;
    readonly Task _worker;
    volatile bool _ended;

    /// <param name="kind">The word <c>text</c> or <c>audio</c>, for measurements.</param>
    /// <param name="mostWaiting">Calls that the queue holds.</param>
    /// <param name="mostItems">Items of a pass; larger calls take several passes, between which others have theirs.</param>
    /// <param name="width">D, values of a vector.</param>
    /// <param name="embed">Unit vectors of items, [items, D].</param>
    public PassQueue(string kind, int mostWaiting, int mostItems, int width, Func<IReadOnlyList<T>, float[]> embed)
    {
        (_kind, _mostItems, _width, _embed) = (kind, mostItems, width, embed);
        _waiting = Channel.CreateBounded<PassCall<T>>(new BoundedChannelOptions(mostWaiting) { SingleReader = true });
        // The worker outlives the call that made it, and is no part of that call's trace.
        using (ExecutionContext.SuppressFlow()) _worker = Task.Run(RunAsync);
    }

    /// <summary>Waits for the items' unit vectors, [items, D].</summary>
    /// <exception cref="ObjectDisposedException">The queue has ended.</exception>
    public async Task<float[]> EmbedAsync(IReadOnlyList<T> items, CancellationToken cancellation)
    {
        var vectors = new float[(long)items.Count * _width];
        int at = 0;
        foreach (T[] part in items.Chunk(_mostItems))
        {
            float[] own = await PassAsync(part, cancellation).ConfigureAwait(false);
            own.CopyTo(vectors, at);
            at += own.Length;
        }
        return vectors;
    }

    async Task<float[]> PassAsync(T[] items, CancellationToken cancellation)
    {
        var call = new PassCall<T>(items, cancellation);
        GeneratorMetrics.Waiting(_kind, 1);
        try
        {
            await _waiting.Writer.WriteAsync(call, cancellation).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            GeneratorMetrics.Waiting(_kind, -1);
            if (error is ChannelClosedException) throw Ended();
            throw;
        }
        return await call.Result.WaitAsync(cancellation).ConfigureAwait(false);
    }

    async Task RunAsync()
    {
        var pass = new List<PassCall<T>>();
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            pass.Clear();
            int items = 0;
            while (_waiting.Reader.TryPeek(out var call) && (items == 0 || items + call.Items.Count <= _mostItems))
            {
                _waiting.Reader.TryRead(out _);
                GeneratorMetrics.Waiting(_kind, -1);
                if (call.IsAbandoned) continue;
                pass.Add(call);
                items += call.Items.Count;
            }
            if (pass.Count > 0) Answer(pass);
        }
    }

    void Answer(IReadOnlyList<PassCall<T>> calls)
    {
        try
        {
            if (_ended) throw Ended();
            T[] items = [.. calls.SelectMany(call => call.Items)];
            GeneratorMetrics.Pass(_kind, items.Length);
            using var activity = RetrievalTelemetry.Activities.StartActivity(ActivityKind.Internal,
                links: calls.Where(call => call.Caller != default).Select(call => new ActivityLink(call.Caller)), name: "pass");
            activity?.SetTag("nativeretrieval.calls", calls.Count);
            float[] vectors = _embed(items);
            int at = 0;
            foreach (var call in calls)
            {
                call.Finish(vectors.AsSpan(at, call.Items.Count * _width).ToArray());
                at += call.Items.Count * _width;
            }
        }
        catch (Exception error) when (calls.Count == 1)
        {
            calls[0].Fail(error);
        }
        catch (Exception)
        {
            foreach (var call in calls) Answer([call]);
        }
    }

    static ObjectDisposedException Ended() => new("embedding generator", "the embedding generator was disposed of; its host has stopped");

    /// <summary>Waits for the pass that runs; calls that wait fail.</summary>
    public void Dispose()
    {
        _ended = true;
        _waiting.Writer.TryComplete();
        _worker.GetAwaiter().GetResult();
    }
}
