using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>
/// Rank 0's side of the meeting: it waits for all others, compares their facts with its own, and sends everybody the addresses of all.
/// Connections of strangers cost it nothing but a refusal.
/// </summary>
internal sealed class HostJoin(TcpGroupOptions options, HostWatch watch, Fault fault) : IDisposable
{
    /// <summary>The time that a connection has for showing what it is.</summary>
    static readonly TimeSpan _introduction = TimeSpan.FromSeconds(10);

    /// <summary>The time that ranks have for coming to a job that has failed already, and learning why.</summary>
    static readonly TimeSpan _lateness = TimeSpan.FromSeconds(5);

    readonly BlockingCollection<(Socket Socket, Hello Hello)> _arrivals = [];
    readonly CancellationTokenSource _ended = new();
    readonly ConcurrentQueue<string> _refusals = new();
    readonly Dictionary<int, Place> _places = [];
    int _come = 1;

    /// <summary>Waits for all ranks and returns their addresses.</summary>
    /// <param name="linkPort">The port at which the last rank's connection is waited for.</param>
    /// <exception cref="DistributedException">A rank does not come, comes twice, dies or disagrees.</exception>
    public Roster Run(int linkPort, CancellationToken cancellation)
    {
        using var listener = Listen();
        byte[] secret = options.Coordinator.File is { } path ? CoordinatorFile.Write(path, listener.Port).Secret : [];
        try
        {
            var accepting = Task.Run(() => AcceptAsync(listener, new(options.JobKey, secret)), CancellationToken.None);
            _places[0] = new(Member.Here(0), null, linkPort);
            Collect(cancellation);
            _ended.Cancel();
            accepting.Wait(CancellationToken.None);
        }
        catch (DistributedException)
        {
            TellLateComers();
            throw;
        }
        finally
        {
            _ended.Cancel();
            if (options.Coordinator.File is { } file) File.Delete(file);
        }
        var roster = new Roster(JobKey.NewChallenge(), [.. _places.OrderBy(pair => pair.Key).Select(pair => pair.Value)]);
        watch.Send(Frame.Of(FrameKind.Roster, roster));
        return roster;
    }

    public void Dispose()
    {
        _ended.Cancel();
        while (_arrivals.TryTake(out var arrival)) arrival.Socket.Dispose();
    }

    Listener Listen()
    {
        try
        {
            return new(options.Coordinator.Port, options.Coordinator.IsLoopback);
        }
        catch (SocketException error)
        {
            throw new DistributedException($"rank 0 cannot wait for the others at {options.Coordinator}: {error.Message}; is another job "
                + "there? Give this one a port of its own", 0, error);
        }
    }

    void Collect(CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, fault.Token);
        var reports = new JoinReports(options);
        while (_places.Count < options.WorldSize)
        {
            (Socket Socket, Hello Hello) arrival;
            try
            {
                var left = options.JoinLimit - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                {
                    watch.Decide(NotCome());
                    fault.ThrowIfSet();
                    return;
                }
                reports.Say(() => $"waiting for {Missing()} ({_places.Count} of {options.WorldSize} joined)");
                // A little more than is left: what is due is due then.
                double milliseconds = Math.Min(left.TotalMilliseconds, reports.Left.TotalMilliseconds) + 1;
                if (!_arrivals.TryTake(out arrival, (int)Math.Clamp(milliseconds, 0, int.MaxValue), stop.Token)) continue;
            }
            catch (OperationCanceledException)
            {
                cancellation.ThrowIfCancellationRequested();
                fault.ThrowIfSet();
                throw;
            }
            Take(arrival.Socket, arrival.Hello);
            fault.ThrowIfSet();
        }
    }

    void Take(Socket socket, Hello hello)
    {
        _come++;
        var member = hello.Member;
        var link = new ControlLink(socket, member, options.HeartbeatLimit);
        if (Disagreement(hello) is { } problem)
        {
            watch.Take(link, isKnown: false);
            watch.Decide(new(member.Rank, problem));
            return;
        }
        var address = AddressOf(socket);
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        _places[member.Rank] = new(member, IPAddress.IsLoopback(address) ? null : address.ToString(), hello.LinkPort);
        watch.Take(link, isKnown: true);
    }

    /// <summary>The other end; this machine where it has closed already, so that nobody looks for it elsewhere.</summary>
    static IPAddress AddressOf(Socket socket)
    {
        try
        {
            return ((IPEndPoint)socket.RemoteEndPoint!).Address;
        }
        catch (SocketException)
        {
            return IPAddress.Loopback;
        }
    }

    void TellLateComers()
    {
        long start = Stopwatch.GetTimestamp();
        for (; _come < options.WorldSize; _come++)
        {
            var left = _lateness - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !_arrivals.TryTake(out var arrival, left)) return;
            watch.Take(new(arrival.Socket, arrival.Hello.Member, options.HeartbeatLimit), isKnown: false);
        }
    }

    string? Disagreement(Hello hello)
    {
        var member = hello.Member;
        if (hello.WorldSize != options.WorldSize)
            return $"{member} was started for {hello.WorldSize} ranks, rank 0 for {options.WorldSize}";
        if (member.Rank < 1 || member.Rank >= options.WorldSize)
            return $"{member} came to a job of ranks 0 to {options.WorldSize - 1}"
                + (member.Rank == 0 ? $"; {Member.Here(0)} is there already" : "");
        if (_places.TryGetValue(member.Rank, out var other)) return $"{member} came, but {other.Member} is there already; "
            + "start every rank once, each with its own number";
        foreach (string name in options.Facts.Keys.Union(hello.Facts.Keys).Order(StringComparer.Ordinal))
        {
            var (here, there) = (options.Facts.GetValueOrDefault(name), hello.Facts.GetValueOrDefault(name));
            if (here != there) return $"{member} disagrees with rank 0 on {PlainText.Short(name)}: it has {Show(there)}, rank 0 "
                + $"{Show(here)}; all ranks take the same command, the same program and the same files";
        }
        return null;

        static string Show(string? value) => value is null ? "none" : PlainText.Short(value);
    }

    IEnumerable<int> Absent => Enumerable.Range(0, options.WorldSize).Where(rank => !_places.ContainsKey(rank));

    string Missing()
    {
        int[] missing = [.. Absent];
        return $"{(missing.Length == 1 ? "rank" : "ranks")} {string.Join(", ", missing.Take(8))}{(missing.Length > 8 ? ", …" : "")}";
    }

    Verdict NotCome()
    {
        string refused = _refusals.IsEmpty ? "" : $"; refused: {string.Join("; ", _refusals.Distinct().Take(3))}";
        return new(Absent.First(), $"{Missing()} of {options.WorldSize} did not come to {options.Coordinator} within "
            + $"{HostWatch.Seconds(options.JoinLimit.TotalSeconds)}{refused}; start all ranks, and see that rank 0's port is open to them");
    }

    async Task AcceptAsync(Listener listener, JobKey key)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptAsync(_ended.Token).ConfigureAwait(false);
                _ = IntroduceAsync(socket, key);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    async Task IntroduceAsync(Socket socket, JobKey key)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        limit.CancelAfter(_introduction);
        try
        {
            byte[] challenge = JobKey.NewChallenge();
            await Frame.Of(FrameKind.Challenge, challenge).SendAsync(socket, limit.Token).ConfigureAwait(false);
            var frame = await Frame.ReceiveAsync(socket, FrameKind.Hello, Frame.LargestBytesOfStrangers, limit.Token).ConfigureAwait(false);
            var hello = frame.Read<Hello>();
            if (hello is { Proof: not null, Challenge: not null, Member.Machine: not null, Facts: not null }
                && key.IsProof(hello.Proof, challenge, hello.Member.Rank))
            {
                var welcome = Frame.Of(FrameKind.Welcome, new Welcome(key.Proof(hello.Challenge, 0), Member.Here(0)));
                try
                {
                    await welcome.SendAsync(socket, limit.Token).ConfigureAwait(false);
                }
                catch (SocketException)
                {
                    // A rank of this job, and it has died: the watch finds its connection closed, and says so to all.
                }
                _arrivals.Add((socket, hello), limit.Token);
                return;
            }
            _refusals.Enqueue($"{socket.RemoteEndPoint} has not this job's key");
            await Frame.Of(FrameKind.Refusal, "it has another job's key").SendAsync(socket, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is WireException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
        socket.Dispose();
    }
}
