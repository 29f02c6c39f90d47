using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Distributed;

/// <summary>
/// A group that finds out by itself when a rank dies or hangs. It watches ranks on behalf of a second transport between them, too, such
/// as NCCL's, which learns from it when to give up. Members may be called from any thread.
/// </summary>
public interface IMonitoredGroup : IProcessGroup
{
    /// <summary>Cancelled once the group has failed.</summary>
    CancellationToken Failed { get; }

    /// <summary>The failure that ended the job, the same on every rank; null while there is none.</summary>
    DistributedException? Failure { get; }

    /// <summary>Adds the progress of another transport to what other ranks hear of this one.</summary>
    /// <param name="progress">Called on a thread of the group's about once a second; returns at once.</param>
    void Watch(Func<GroupProgress> progress);
}

/// <summary>The progress of a rank, from which the others see whom they wait for.</summary>
/// <param name="Called">Collectives that the rank has called so far.</param>
/// <param name="Blocked">The time since when the oldest unfinished one has been under way; zero where all are done.</param>
public readonly record struct GroupProgress(long Called, TimeSpan Blocked);
