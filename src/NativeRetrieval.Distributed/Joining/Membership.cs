using System.Net;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Distributed.Ring;
using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>A rank's connections to its job: the watch and the ring; null in a job of one rank.</summary>
internal sealed class Membership(Fault fault, Watch? watch, RingLinks? links, RingRank? ring, int localRank) : IDisposable
{
    public Fault Fault => fault;

    public Watch? Watch => watch;

    public RingRank? Ring => ring;

    /// <summary>Ranks before this one that are on its machine.</summary>
    public int LocalRank => localRank;

    /// <summary>Reports a fault and waits until the job has ended on this rank.</summary>
    public void Accuse(Accusation accusation) => watch?.Accuse(accusation);

    /// <summary>Meets the other ranks.</summary>
    /// <exception cref="DistributedException">A rank does not come in time, comes twice, dies or disagrees.</exception>
    public static Membership Obtain(TcpGroupOptions options, CancellationToken cancellation)
    {
        var fault = new Fault();
        if (options.WorldSize == 1) return new(fault, null, null, null, 0);
        Watch? watch = null;
        try
        {
            using var listener = new Listener(0, options.Coordinator.IsLoopback);
            Roster roster;
            var host = IPAddress.Loopback;
            if (options.Rank == 0)
            {
                var own = new HostWatch(options, fault);
                watch = own;
                own.Start();
                using var join = new HostJoin(options, own, fault);
                roster = join.Run(listener.Port, cancellation);
            }
            else
            {
                var link = new GuestJoin(options).RunAsync(listener.Port, cancellation).GetAwaiter().GetResult();
                host = ((IPEndPoint)link.Socket.RemoteEndPoint!).Address;
                var own = new GuestWatch(options, fault, link);
                watch = own;
                own.Start();
                roster = WaitFor(own, fault, cancellation);
            }
            var links = new RingJoin(options, roster, listener, host, fault).RunAsync(cancellation).GetAwaiter().GetResult();
            fault.Token.Register(links.Dispose);
            string machine = roster.Places[options.Rank].Member.Machine;
            return new(fault, watch, links, new(links, options.Rank, options.WorldSize),
                roster.Places.Take(options.Rank).Count(place => place.Member.Machine == machine));
        }
        catch (Exception error)
        {
            if (error is LinkException broken) watch?.Accuse(new(AccusationKind.Lost, broken.Rank, broken.Message));
            else if (fault.Failure is null) watch?.Accuse(new(AccusationKind.GaveUp, options.Rank,
                error is OperationCanceledException ? "it was interrupted" : error.Message));
            watch?.Dispose();
            if (error is LinkException) fault.ThrowIfSet();
            throw;
        }
    }

    /// <summary>Says goodbye, and ends what waits for others.</summary>
    public void Dispose()
    {
        watch?.Dispose();
        links?.Dispose();
    }

    static Roster WaitFor(GuestWatch watch, Fault fault, CancellationToken cancellation)
    {
        try
        {
            return watch.Roster.WaitAsync(cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            fault.ThrowIfSet();
            throw;
        }
    }
}
