using System.Collections.Concurrent;
using System.Net.Sockets;

namespace NativeRetrieval.Distributed.Ring;

/// <summary>
/// The connection to the rank behind, which is only sent to, and the one from the rank before, which is only received from. Sending is
/// another thread's, because all ranks send at once: none would come to receive.
/// </summary>
internal sealed unsafe class RingLinks : IDisposable
{
    const int PieceBytes = 1 << 20, SocketBufferBytes = 1 << 20;

    readonly Socket _next, _previous;
    readonly int _nextRank, _previousRank;
    readonly BlockingCollection<(nint Address, long Bytes)> _outbox = [];
    readonly ManualResetEventSlim _sent = new(true);
    readonly Lock _counting = new();
    readonly Thread _sender;
    long _unsent;
    volatile Exception? _problem;

    public RingLinks(Socket next, int nextRank, Socket previous, int previousRank)
    {
        (_next, _nextRank, _previous, _previousRank) = (next, nextRank, previous, previousRank);
        next.NoDelay = true;
        next.SendBufferSize = SocketBufferBytes;
        previous.ReceiveBufferSize = SocketBufferBytes;
        _sender = new(SendAll) { IsBackground = true, Name = "NativeRetrieval ring sender" };
        _sender.Start();
    }

    /// <summary>
    /// Sends bytes, which stay as they are until <see cref="Flush"/> has returned or the ring has brought their successors.
    /// </summary>
    public void Send(void* address, long bytes)
    {
        if (bytes == 0) return;
        lock (_counting)
        {
            _unsent++;
            _sent.Reset();
        }
        _outbox.Add(((nint)address, bytes));
    }

    /// <exception cref="LinkException">The connection broke.</exception>
    public void Receive(void* address, long bytes)
    {
        try
        {
            for (long done = 0; done < bytes;)
            {
                int got = _previous.Receive(new Span<byte>((byte*)address + done, (int)Math.Min(bytes - done, PieceBytes)));
                if (got == 0) throw new LinkException(_previousRank);
                done += got;
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            throw new LinkException(_previousRank, error);
        }
    }

    /// <summary>Waits until the system has taken all bytes.</summary>
    /// <exception cref="LinkException">The connection broke.</exception>
    public void Flush()
    {
        _sent.Wait();
        if (_problem is { } problem) throw new LinkException(_nextRank, problem);
    }

    /// <summary>Ends both connections; threads that wait for them throw.</summary>
    public void Dispose()
    {
        _outbox.CompleteAdding();
        // A thread in Receive notices the shutdown, and not always the end of the socket.
        foreach (var socket in (Socket[])[_next, _previous])
        {
            try
            {
                socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
            }
            socket.Dispose();
        }
    }

    void SendAll()
    {
        foreach (var (address, bytes) in _outbox.GetConsumingEnumerable())
        {
            try
            {
                for (long done = 0; done < bytes && _problem is null;)
                    done += _next.Send(new ReadOnlySpan<byte>((byte*)address + done, (int)Math.Min(bytes - done, PieceBytes)));
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                _problem = error;
            }
            lock (_counting)
                if (--_unsent == 0) _sent.Set();
        }
    }
}

/// <summary>The connection to a neighbour in the ring broke; the group turns it into the verdict of all.</summary>
internal sealed class LinkException(int rank, Exception? inner = null) : Exception($"the connection to rank {rank} broke", inner)
{
    public int Rank { get; } = rank;
}
