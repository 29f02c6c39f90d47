using System.Net;
using System.Net.Sockets;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>A port that other ranks connect to, on all interfaces, or on loopback where the job is this machine's alone.</summary>
internal sealed class Listener : IDisposable
{
    readonly Socket _socket;

    /// <param name="port">0: any that is free.</param>
    /// <exception cref="SocketException">The port is taken, or may not be used.</exception>
    public Listener(int port, bool loopbackOnly)
    {
        bool both = Socket.OSSupportsIPv6 && !loopbackOnly;
        _socket = new(both ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (both) _socket.DualMode = true;
            // A run that starts again takes the port at once; on Windows the option means another thing.
            if (!OperatingSystem.IsWindows()) _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            _socket.Bind(new IPEndPoint(loopbackOnly ? IPAddress.Loopback : both ? IPAddress.IPv6Any : IPAddress.Any, port));
            _socket.Listen();
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public Task<Socket> AcceptAsync(CancellationToken cancellation) => _socket.AcceptAsync(cancellation).AsTask();

    public void Dispose() => _socket.Dispose();
}
