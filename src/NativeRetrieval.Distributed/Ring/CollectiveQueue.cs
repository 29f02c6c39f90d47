using System.Collections.Concurrent;
using System.Diagnostics;
using NativeRetrieval.Core.Distributed;

namespace NativeRetrieval.Distributed.Ring;

/// <summary>The thread that does a rank's collectives in the order of their calls, beside the computation.</summary>
internal sealed class CollectiveQueue : IDisposable
{
    readonly BlockingCollection<Collective> _waiting = [];
    readonly Action<Collective> _run;
    readonly Thread _thread;
    long _called, _since;

    /// <param name="run">Does one; sets its end, never throws.</param>
    public CollectiveQueue(Action<Collective> run)
    {
        _run = run;
        _thread = new(RunAll) { IsBackground = true, Name = "NativeRetrieval collectives" };
        _thread.Start();
    }

    /// <summary>The progress for other ranks.</summary>
    public GroupProgress Progress
    {
        get
        {
            long since = Volatile.Read(ref _since);
            return new(Volatile.Read(ref _called), since == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(since));
        }
    }

    /// <summary>The number of the next call.</summary>
    public long Next => _called;

    public void Add(Collective collective)
    {
        Interlocked.Increment(ref _called);
        _waiting.Add(collective);
    }

    /// <summary>Ends the thread once the calls that it has are done or have failed.</summary>
    public void Dispose()
    {
        _waiting.CompleteAdding();
        _thread.Join();
    }

    void RunAll()
    {
        foreach (var collective in _waiting.GetConsumingEnumerable())
        {
            Volatile.Write(ref _since, Stopwatch.GetTimestamp());
            _run(collective);
            Volatile.Write(ref _since, 0);
        }
    }
}
