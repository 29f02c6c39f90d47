using System.Diagnostics;
using System.Net.Sockets;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Distributed.Watching;

/// <summary>
/// The connection between rank 0 and another rank, for messages about the job. Any thread sends; only the watching thread reads.
/// </summary>
internal sealed class ControlLink : IDisposable
{
    readonly Lock _sending = new();
    byte[] _buffer = new byte[4096];
    int _filled;

    public ControlLink(Socket socket, Member peer, TimeSpan limit)
    {
        (Socket, Peer) = (socket, peer);
        socket.NoDelay = true;
        socket.SendTimeout = (int)Math.Min(limit.TotalMilliseconds, int.MaxValue);
        LastHeard = Stopwatch.GetTimestamp();
    }

    public Socket Socket { get; }

    public Member Peer { get; }

    public long LastHeard { get; private set; }

    /// <summary>The last heartbeat.</summary>
    public Heartbeat Progress { get; set; } = new(0, 0);

    /// <summary>True once the other side has said that its work is done.</summary>
    public bool HasLeft { get; set; }

    /// <summary>Sends a message; false where the connection is broken, which reading will find, too.</summary>
    public bool TrySend(Frame frame)
    {
        try
        {
            lock (_sending)
            {
                ReadOnlySpan<byte> rest = frame.ToBytes();
                while (!rest.IsEmpty) rest = rest[Socket.Send(rest)..];
            }
            return true;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Reads what has come, which may be nothing whole. Called when the socket is readable.</summary>
    /// <param name="frames">Gets the whole messages.</param>
    /// <returns>False where the connection has ended.</returns>
    /// <exception cref="WireException">Bytes came that are no message.</exception>
    public bool TryRead(List<Frame> frames)
    {
        if (_filled == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
        int got;
        try
        {
            got = Socket.Receive(_buffer.AsSpan(_filled));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false;
        }
        if (got == 0) return false;
        LastHeard = Stopwatch.GetTimestamp();
        _filled += got;
        int start = 0;
        while (_filled - start >= Frame.HeaderBytes)
        {
            var (length, kind) = Frame.ReadHeader(_buffer.AsSpan(start), Frame.LargestBytes);
            if (_filled - start - Frame.HeaderBytes < length) break;
            frames.Add(new(kind, _buffer.AsSpan(start + Frame.HeaderBytes, length).ToArray()));
            start += Frame.HeaderBytes + length;
        }
        _buffer.AsSpan(start, _filled - start).CopyTo(_buffer);
        _filled -= start;
        return true;
    }

    public void Dispose() => Socket.Dispose();
}

/// <summary>A rank, for messages.</summary>
internal sealed record Member(int Rank, string Machine, int ProcessId)
{
    public static Member Here(int rank) => new(rank, Environment.MachineName, Environment.ProcessId);

    /// <summary>The rank, and where it is.</summary>
    public override string ToString() => FormattableString.Invariant($"rank {Rank} ({PlainText.Short(Machine)}, process {ProcessId})");
}
