using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>The side of every other rank: it looks for rank 0 until it is there, and introduces itself.</summary>
internal sealed class GuestJoin(TcpGroupOptions options)
{
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100), _attempt = TimeSpan.FromSeconds(10);

    string _problem = "nobody answers";

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
            if (CoordinatorFile.TryRead(path, out _problem) is not { } file) return [];
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

    async Task<ControlLink?> TryAsync(IPAddress address, int port, JobKey key, int linkPort, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_attempt);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token).ConfigureAwait(false);
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
