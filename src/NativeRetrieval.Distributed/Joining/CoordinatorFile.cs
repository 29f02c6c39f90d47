using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Distributed.Watching;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>
/// Rank 0's addresses in a file that all machines see, with a secret that only readers of the file have.
/// </summary>
/// <param name="Format">Always <see cref="CurrentFormat"/>: tells the file from any other.</param>
internal sealed record CoordinatorFile(string Format, string[] Addresses, int Port, byte[] Secret)
{
    public const string CurrentFormat = "nativeretrieval-coordinator-1";

    static readonly TimeSpan _knock = TimeSpan.FromSeconds(1);

    /// <summary>Writes the file; one that an earlier job left is replaced.</summary>
    /// <exception cref="OptionException">
    /// There is a file of this name that is something else, or the rank 0 that wrote it still waits.
    /// </exception>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static CoordinatorFile Write(string path, int port)
    {
        if (File.Exists(path))
        {
            var other = TryRead(path, out string problem)
                ?? throw new OptionException($"coordinator: {path} is there and no coordinator file ({problem}); it is left alone, "
                    + "name another");
            if (other.IsAnswered())
                throw new OptionException($"coordinator: another rank 0 waits at {path}; start every rank once, or name another file");
        }
        var file = new CoordinatorFile(CurrentFormat, OwnAddresses(), port, JobKey.NewChallenge());
        DurableFile.WriteAtomic(path, stream =>
        {
            if (!OperatingSystem.IsWindows() && stream is FileStream disk)
                File.SetUnixFileMode(disk.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            JsonSerializer.Serialize(stream, file, WireJson.Default.CoordinatorFile);
        });
        return file;
    }

    /// <summary>The file, or null with the reason.</summary>
    public static CoordinatorFile? TryRead(string path, out string problem)
    {
        problem = "";
        try
        {
            byte[] bytes = SmallFile.ReadBytes(path, SmallFile.LargestTextBytes);
            if (JsonSerializer.Deserialize(bytes, WireJson.Default.CoordinatorFile)
                is { Format: CurrentFormat, Addresses: not null, Secret: not null } file) return file;
            problem = "it is not written by rank 0";
        }
        catch (Exception error) when (error is NativeRetrievalException or JsonException)
        {
            problem = error is JsonException ? "it is not written by rank 0" : error.Message;
        }
        return null;
    }

    /// <summary>True where somebody who speaks as rank 0 does waits at the addresses.</summary>
    bool IsAnswered() => Addresses.Any(text =>
    {
        if (!IPAddress.TryParse(text, out var address)) return false;
        using var limit = new CancellationTokenSource(_knock);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.ConnectAsync(new IPEndPoint(address, Port), limit.Token).AsTask().GetAwaiter().GetResult();
            Frame.ReceiveAsync(socket, FrameKind.Challenge, Frame.LargestBytesOfStrangers, limit.Token).GetAwaiter().GetResult();
            return true;
        }
        catch (Exception error) when (error is SocketException or WireException or OperationCanceledException)
        {
            return false;
        }
    });

    /// <summary>This machine's addresses, those that only it can use last.</summary>
    static string[] OwnAddresses()
    {
        var found = new List<IPAddress>();
        try
        {
            found.AddRange(NetworkInterface.GetAllNetworkInterfaces().Where(one => one.OperationalStatus == OperationalStatus.Up)
                .SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address)
                .Where(one => !IPAddress.IsLoopback(one) && !one.IsIPv6LinkLocal));
        }
        catch (NetworkInformationException)
        {
            // Containers may hide their interfaces; the loopback address is left.
        }
        var sorted = found.OrderBy(one => one.AddressFamily == AddressFamily.InterNetworkV6).Append(IPAddress.Loopback);
        return [.. sorted.Select(one => $"{one}")];
    }
}
