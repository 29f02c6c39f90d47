using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>
/// The side of every other rank: it looks for rank 0 until it is there, and introduces itself. Rank 0 that was there meanwhile and is gone
/// has ended: it is waited for no longer than the limit of signs of life.
/// </summary>
internal sealed class GuestJoin(TcpGroupOptions options)
{
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100), _attempt = TimeSpan.FromSeconds(10);

    readonly JoinReports _reports = new(options);

    string _problem = "nobody answers";
    byte[]? _knownSecret;
    bool _hasLooked;
    long? _seen;

    /// <summary>A connection to rank 0, which has shown that it is of this job.</summary>
    /// <param name="linkPort">The port at which this rank waits for the one before it.</param>
    /// <exception cref="DistributedException">Rank 0 is not found in time, or belongs to another job.</exception>
    public async Task<ControlLink> RunAsync(int linkPort, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            foreach (var (address, port, secret) in await PlacesAsync(cancellation).ConfigureAwait(false))
                if (await TryAsync(address, port, new(options.JobKey, secret), linkPort, cancellation).ConfigureAwait(false) is { } link)
                    return link;
            if (_seen is { } seen && Stopwatch.GetElapsedTime(seen) > options.HeartbeatLimit)
                throw new DistributedException($"rank 0 was at {options.Coordinator} and is gone ({_problem}): it ended before all "
                    + "ranks had come; its own output may say more", 0);
            _reports.Say(() => $"waiting for rank 0 at {options.Coordinator}: {_problem}");
            if (Stopwatch.GetElapsedTime(start) > options.JoinLimit)
                throw new DistributedException($"rank 0 was not found at {options.Coordinator} within "
                    + $"{HostWatch.Seconds(options.JoinLimit.TotalSeconds)}: {_problem}; start all ranks with the same coordinator, and "
                    + "see that rank 0's port is open to the others", 0);
            await Task.Delay(_pause, cancellation).ConfigureAwait(false);
        }
    }

    async Task<List<(IPAddress Address, int Port, byte[] Secret)>> PlacesAsync(CancellationToken cancellation)
    {
        if (options.Coordinator.File is { } path)
        {
            var file = CoordinatorFile.TryRead(path, out _problem);
            Compare(file);
            if (file is null) return [];
            return [.. file.Addresses.Select(text => IPAddress.TryParse(text, out var address) ? address : null).OfType<IPAddress>()
                .Select(address => (address, file.Port, file.Secret))];
        }
        try
        {
            var found = await Dns.GetHostAddressesAsync(options.Coordinator.Host!, cancellation).ConfigureAwait(false);
            return [.. found.OrderBy(address => address.AddressFamily).Select(address => (address, options.Coordinator.Port, (byte[])[]))];
        }
        catch (SocketException error)
        {
            _problem = $"its name is not known here ({error.Message})";
            return [];
        }
    }

    /// <summary>One that was not there at first is of a rank 0 of this job; one that was may be what an earlier one left.</summary>
    void Compare(CoordinatorFile? file)
    {
        byte[] secret = file?.Secret ?? [];
        if (!_hasLooked) (_knownSecret, _hasLooked) = (secret, true);
        else if (secret.Length > 0 && !secret.AsSpan().SequenceEqual(_knownSecret))
            (_knownSecret, _seen) = (secret, Stopwatch.GetTimestamp());
    }

    async Task<ControlLink?> TryAsync(IPAddress address, int port, JobKey key, int linkPort, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_attempt);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token).ConfigureAwait(false);
            if (_seen is not null) _seen = Stopwatch.GetTimestamp();
            return await IntroduceAsync(socket, key, linkPort, limit.Token).ConfigureAwait(false);
        }
        catch (WireException refusal) when (refusal.IsRefusal && options.Coordinator.File is null)
        {
            socket.Dispose();
            throw new DistributedException($"rank 0 at {options.Coordinator} refuses this rank: {PlainText.Short(refusal.Message)}; give "
                + "each job a port of its own, and all its ranks the same job key", options.Rank, refusal);
        }
        catch (Exception error) when (error is WireException or SocketException
            || error is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            socket.Dispose();
            _problem = error switch
            {
                OperationCanceledException => $"{address} does not answer",
                WireException => $"{address} answers as no rank 0 of this job does ({PlainText.Short(error.Message)})",
                _ => error.Message,
            };
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    async Task<ControlLink> IntroduceAsync(Socket socket, JobKey key, int linkPort, CancellationToken cancellation)
    {
        var asked = await Frame.ReceiveAsync(socket, FrameKind.Challenge, Frame.LargestBytesOfStrangers, cancellation)
            .ConfigureAwait(false);
        _seen = Stopwatch.GetTimestamp();
        byte[] own = JobKey.NewChallenge();
        var hello = new Hello(key.Proof(asked.Read<byte[]>(), options.Rank), own, Member.Here(options.Rank), options.WorldSize, linkPort,
            new(options.Facts));
        await Frame.Of(FrameKind.Hello, hello).SendAsync(socket, cancellation).ConfigureAwait(false);
        var answer = await Frame.ReceiveAsync(socket, FrameKind.Welcome, Frame.LargestBytesOfStrangers, cancellation).ConfigureAwait(false);
        var welcome = answer.Read<Welcome>();
        if (welcome is not { Proof: not null, Member.Machine: not null } || !key.IsProof(welcome.Proof, own, 0))
            throw new WireException("it has another job's key");
        return new(socket, welcome.Member, options.HeartbeatLimit);
    }
}
