using System.Diagnostics;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed.Ring;

/// <summary>A collective on its way: called, done or failed.</summary>
/// <param name="body">Exchanges the values, on the queue's thread.</param>
/// <param name="done">Called once, on the thread that waits first, after the values are there; null: nothing.</param>
/// <param name="release">Called once when no thread uses the values' memory any more; null: nothing.</param>
/// <param name="waited">Gets the ticks that a thread waited.</param>
internal sealed class Collective(Call call, Action<RingRank> body, Action? done, Action? release, Action<long> waited) : ICollectiveWork
{
    readonly ManualResetEventSlim _ended = new();
    DistributedException? _failure;
    bool _taken;

    public Call Call => call;

    /// <summary>Exchanges the values.</summary>
    public void Run(RingRank ring) => body(ring);

    /// <summary>Lets whoever waits go on.</summary>
    /// <param name="failure">Null: the values are there.</param>
    public void End(DistributedException? failure)
    {
        _failure = failure;
        release?.Invoke();
        _ended.Set();
    }

    public void Wait()
    {
        if (!_ended.IsSet)
        {
            long start = Stopwatch.GetTimestamp();
            _ended.Wait();
            waited(Stopwatch.GetElapsedTime(start).Ticks);
        }
        if (_failure is { } failure) throw Fault.Copy(failure);
        if (_taken) return;
        _taken = true;
        done?.Invoke();
    }
}
