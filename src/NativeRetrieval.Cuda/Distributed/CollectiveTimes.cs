using System.Diagnostics;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Distributed;

/// <summary>
/// Collectives that are under way, for whoever watches, and the time on the device that the computing stream stood still for them: an
/// event before it waits and one behind.
/// </summary>
internal sealed class CollectiveTimes(CudaContext context) : IDisposable
{
    readonly Lock _lock = new();
    readonly Queue<UnderWay> _underWay = [];
    readonly Queue<(CudaEvent Before, CudaEvent Behind)> _waits = [];
    long _called;
    TimeSpan _waited;

    public TimeSpan Waited
    {
        get
        {
            lock (_lock)
            {
                Collect();
                return _waited;
            }
        }
    }

    /// <summary>The number of collectives, and how long the oldest has been under way. Asks nobody.</summary>
    public GroupProgress Progress
    {
        get
        {
            lock (_lock)
            {
                return new(_called, _underWay.TryPeek(out var oldest) ? Stopwatch.GetElapsedTime(oldest.Start) : TimeSpan.Zero);
            }
        }
    }

    /// <summary>Counts a collective. The event is kept until it has passed and the work was waited for.</summary>
    /// <param name="isRecorded">True for one that is recorded and runs later, again and again: its event tells nothing.</param>
    public IDisposable Begin(CudaEvent ended, bool isRecorded)
    {
        lock (_lock)
        {
            _called++;
            var one = new UnderWay(this, ended, Stopwatch.GetTimestamp()) { HasPassed = isRecorded };
            if (!isRecorded) _underWay.Enqueue(one);
            return one;
        }
    }

    /// <summary>Begins a wait of the computing stream, which ends when the result is disposed.</summary>
    public IDisposable Wait(CudaStream stream)
    {
        var before = new CudaEvent(context, timing: true);
        stream.Record(before);
        return new Waiting(this, stream, before);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var one in _underWay) one.Ended.Dispose();
            foreach (var (before, behind) in _waits)
            {
                before.Dispose();
                behind.Dispose();
            }
            _underWay.Clear();
            _waits.Clear();
        }
    }

    /// <summary>Asks the device which collectives have ended.</summary>
    public void Look()
    {
        while (true)
        {
            UnderWay? oldest;
            lock (_lock)
                if (!_underWay.TryPeek(out oldest)) return;
            // Outside the lock: the driver may keep this thread waiting.
            if (!oldest.Ended.HasPassed) return;
            lock (_lock)
            {
                oldest.HasPassed = true;
                if (oldest.WasWaitedFor) oldest.Ended.Dispose();
                _underWay.Dequeue();
            }
        }
    }

    void Collect()
    {
        while (_waits.TryPeek(out var wait) && wait.Behind.HasPassed)
        {
            _waited += TimeSpan.FromMilliseconds(wait.Behind.MillisecondsSince(wait.Before));
            wait.Before.Dispose();
            wait.Behind.Dispose();
            _waits.Dequeue();
        }
    }

    /// <summary>A collective; disposed when the computing stream has been ordered behind it.</summary>
    sealed class UnderWay(CollectiveTimes times, CudaEvent ended, long start) : IDisposable
    {
        public CudaEvent Ended => ended;

        public long Start => start;

        /// <summary>True once nobody asks for the event any more.</summary>
        public bool HasPassed { get; set; }

        public bool WasWaitedFor { get; private set; }

        public void Dispose()
        {
            lock (times._lock)
            {
                WasWaitedFor = true;
                if (HasPassed) ended.Dispose();
            }
        }
    }

    sealed class Waiting(CollectiveTimes times, CudaStream stream, CudaEvent before) : IDisposable
    {
        public void Dispose()
        {
            var behind = new CudaEvent(times.Context, timing: true);
            stream.Record(behind);
            lock (times._lock)
            {
                times._waits.Enqueue((before, behind));
                times.Collect();
            }
        }
    }

    CudaContext Context => context;
}
