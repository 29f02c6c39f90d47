using System.Net;
using System.Net.Sockets;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Distributed.Ring;
using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>The connections of the ring: each rank connects to the one behind it and waits for the one before it.</summary>
/// <param name="listener">The port of this rank in the roster.</param>
/// <param name="host">The address at which rank 0's machine is reached from here.</param>
internal sealed class RingJoin(TcpGroupOptions options, Roster roster, Listener listener, IPAddress host, Fault fault)
{
    static readonly TimeSpan _introduction = TimeSpan.FromSeconds(10);

    int Next => (options.Rank + 1) % options.WorldSize;

    int Previous => (options.Rank + options.WorldSize - 1) % options.WorldSize;

    /// <exception cref="LinkException">A neighbour cannot be reached.</exception>
    /// <exception cref="DistributedException">The job failed meanwhile.</exception>
    public async Task<RingLinks> RunAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, fault.Token);
        stop.CancelAfter(options.JoinLimit);
        Socket? next = null;
        try
        {
            var accepting = AcceptAsync(stop.Token);
            next = await ConnectAsync(stop.Token).ConfigureAwait(false);
            return new(next, Next, await accepting.ConfigureAwait(false), Previous);
        }
        catch (OperationCanceledException)
        {
            next?.Dispose();
            cancellation.ThrowIfCancellationRequested();
            fault.ThrowIfSet();
            throw new LinkException(next is null ? Next : Previous);
        }
    }

    async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var place = roster.Places[Next];
        var address = place.Address is { } text && IPAddress.TryParse(text, out var own) ? own : host;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, place.LinkPort), cancellation).ConfigureAwait(false);
            var hello = new LinkHello(options.Rank, new JobKey("", roster.Session).Proof(roster.Session, options.Rank));
            await Frame.Of(FrameKind.Link, hello).SendAsync(socket, cancellation).ConfigureAwait(false);
            return socket;
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new LinkException(Next, error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    async Task<Socket> AcceptAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var socket = await listener.AcceptAsync(cancellation).ConfigureAwait(false);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(_introduction);
            try
            {
                var frame = await Frame.ReceiveAsync(socket, FrameKind.Link, Frame.LargestBytesOfStrangers, limit.Token)
                    .ConfigureAwait(false);
                var hello = frame.Read<LinkHello>();
                if (hello.Rank == Previous && new JobKey("", roster.Session).IsProof(hello.Proof, roster.Session, Previous)) return socket;
            }
            catch (Exception error) when (error is WireException or SocketException
                || error is OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                // A stranger: the one before comes yet.
            }
            socket.Dispose();
        }
    }
}
