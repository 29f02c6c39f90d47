using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Distributed.Watching;

/// <summary>The failure of a job, set once.</summary>
internal sealed class Fault
{
    readonly CancellationTokenSource _failed = new();
    readonly ManualResetEventSlim _set = new();
    DistributedException? _failure;

    public CancellationToken Token => _failed.Token;

    public DistributedException? Failure => Volatile.Read(ref _failure);

    /// <summary>Ends the job on this rank, unless it has ended already.</summary>
    public void Set(Verdict verdict)
    {
        if (Interlocked.CompareExchange(ref _failure, new(verdict.Message, verdict.Rank), null) is not null) return;
        _set.Set();
        _failed.Cancel();
    }

    /// <summary>Waits for the failure; false: none came in time.</summary>
    public bool Wait(TimeSpan limit) => _set.Wait(limit);

    public void ThrowIfSet()
    {
        if (Failure is { } failure) throw Copy(failure);
    }

    /// <summary>The failure with a stack trace of its own: threads throw it at different places.</summary>
    public static DistributedException Copy(DistributedException failure) => new(failure.Message, failure.Rank);
}
