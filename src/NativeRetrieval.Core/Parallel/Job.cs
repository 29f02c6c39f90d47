using System.Runtime.ExceptionServices;

namespace NativeRetrieval.Core.Parallel;

/// <summary>
/// Parts that are handed out one by one. Jobs follow one another in the same object, begun by callers who hold the pool's lock. A thread
/// that comes late finds no part left, or takes one of the next job, which is as welcome.
/// </summary>
internal abstract class Job
{
    const int SpinsBeforeBlocking = 4000;

    int _parts, _left, _unfinished;
    bool _joinerSleeps;
    ExceptionDispatchInfo? _error;

    /// <summary>Takes a part that nobody has begun.</summary>
    public bool TryTakePart(out int part)
    {
        // One number says both whether a part is left and which, so that no thread counts in one job and compares with another's total.
        int left = Interlocked.Decrement(ref _left);
        part = left < 0 ? -1 : _parts - 1 - left;
        return left >= 0;
    }

    /// <summary>Runs a part that was taken; after an exception of another one it is left out.</summary>
    public void RunPart(int part)
    {
        try
        {
            if (Volatile.Read(ref _error) is null) Invoke(part);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(exception), null);
        }
        if (Interlocked.Decrement(ref _unfinished) > 0 || !Volatile.Read(ref _joinerSleeps)) return;
        lock (this) Monitor.PulseAll(this);
    }

    /// <summary>Returns when all parts are done.</summary>
    public void Join()
    {
        for (int spin = 0; spin < SpinsBeforeBlocking; spin++)
        {
            if (Volatile.Read(ref _unfinished) == 0) return;
            Thread.SpinWait(1);
        }
        lock (this)
        {
            Volatile.Write(ref _joinerSleeps, true);
            Interlocked.MemoryBarrier();
            while (Volatile.Read(ref _unfinished) > 0) Monitor.Wait(this);
        }
    }

    protected abstract void Invoke(int part);

    /// <summary>Offers the parts; what they read has been set before.</summary>
    protected void Offer(int parts)
    {
        (_parts, _unfinished, _joinerSleeps) = (parts, parts, false);
        Volatile.Write(ref _left, parts);
    }

    /// <summary>The first exception of a part, if any.</summary>
    protected ExceptionDispatchInfo? TakeError()
    {
        var error = _error;
        _error = null;
        return error;
    }
}

/// <summary>The jobs whose parts share a state of one type: one object for all of them.</summary>
internal sealed class Job<TState> : Job
{
    TState? _state;
    Action<TState, int>? _body;

    /// <summary>The one job; its user holds the pool's lock.</summary>
    public static Job<TState> Shared { get; } = new();

    public void Begin(int parts, TState state, Action<TState, int> body)
    {
        (_state, _body) = (state, body);
        Offer(parts);
    }

    /// <summary>Forgets what idle threads must not keep alive.</summary>
    /// <returns>The first exception of a part, if any.</returns>
    public ExceptionDispatchInfo? End()
    {
        (_state, _body) = (default, null);
        return TakeError();
    }

    protected override void Invoke(int part) => _body!(_state!, part);
}
