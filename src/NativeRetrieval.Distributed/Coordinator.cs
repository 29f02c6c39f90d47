using System.Globalization;
using System.Net;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Distributed;

/// <summary>
/// The place where the ranks of a job find rank 0: a port of its machine, or a file that all machines see, in which rank 0 writes its
/// address.
/// </summary>
public sealed record Coordinator
{
    Coordinator()
    {
    }

    /// <summary>The name or address of rank 0's machine; null where a file says it.</summary>
    public string? Host { get; private init; }

    /// <summary>The port of <see cref="Host"/>; 0 where a file says it.</summary>
    public int Port { get; private init; }

    /// <summary>The full path of the file; null where host and port are given.</summary>
    public string? File { get; private init; }

    /// <summary>True where all ranks are on one machine and nobody else is to reach them.</summary>
    internal bool IsLoopback =>
        Host is "localhost" || IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address);

    /// <summary>A port of a machine.</summary>
    /// <param name="host">A name, or an IPv4 or IPv6 address.</param>
    /// <param name="port">1 to 65535.</param>
    /// <exception cref="OptionException">The host is empty or the port outside its range.</exception>
    public static Coordinator At(string host, int port)
    {
        if (host.Length == 0 || host.Any(char.IsWhiteSpace))
            throw new OptionException($"coordinator: '{PlainText.Short(host)}' is no host");
        if (port is < 1 or > ushort.MaxValue)
            throw new OptionException(string.Create(CultureInfo.InvariantCulture, $"coordinator: port {port} is not one of 1 to 65535"));
        return new() { Host = host, Port = port };
    }

    /// <summary>A file in a folder that the machines of all ranks see; rank 0 makes it, and deletes it once all have come.</summary>
    /// <exception cref="OptionException">The path names a folder, or its folder does not exist.</exception>
    public static Coordinator In(string path)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full)) throw new OptionException($"coordinator: {full} is a folder; name a file in it, or HOST:PORT");
        if (!Directory.Exists(Path.GetDirectoryName(full)))
            throw new OptionException($"coordinator: {full} is in no folder that exists; name a file that all ranks see, or HOST:PORT");
        return new() { File = full };
    }

    /// <summary>
    /// <c>HOST:PORT</c>, such as <c>node1:29500</c> or <c>[fe80::1]:29500</c>; anything else is the path of a file. A file whose name has
    /// a colon and a number at its end is written with its folder: <c>./name:1</c>.
    /// </summary>
    /// <exception cref="OptionException">It is neither.</exception>
    public static Coordinator Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon > 0 && !text.Contains('/') && !text.Contains('\\')
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port))
            return At(text[..colon].Trim('[', ']'), port);
        return text.Length > 0 ? In(text) : throw new OptionException("coordinator: give HOST:PORT or a file");
    }

    /// <summary>The text that <see cref="Parse"/> takes.</summary>
    public override string ToString() => File ?? (Host!.Contains(':')
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}") : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}"));
}
