using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text.Json;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Distributed.Watching;

/// <summary>
/// A message between ranks: its length (uint32, little-endian), its kind (one byte), and a JSON value of a type of its kind.
/// </summary>
internal readonly record struct Frame(FrameKind Kind, byte[] Payload)
{
    public const int HeaderBytes = 5;

    /// <summary>The most bytes of a message: the addresses of 4096 ranks.</summary>
    public const int LargestBytes = 4 << 20;

    /// <summary>The most bytes of a message of somebody who has not shown yet that it belongs to the job.</summary>
    public const int LargestBytesOfStrangers = 64 << 10;

    public static Frame Of<T>(FrameKind kind, T value) => new(kind, JsonSerializer.SerializeToUtf8Bytes(value, WireJson.Of<T>()));

    /// <exception cref="WireException">It is none.</exception>
    public T Read<T>()
    {
        try
        {
            return JsonSerializer.Deserialize(Payload, WireJson.Of<T>()) ?? throw new WireException($"{Kind} without a value");
        }
        catch (JsonException error)
        {
            throw new WireException($"{Kind} that cannot be read: {error.Message}");
        }
    }

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[HeaderBytes + Payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)Payload.Length);
        bytes[4] = (byte)Kind;
        Payload.CopyTo(bytes, HeaderBytes);
        return bytes;
    }

    /// <summary>The length and kind that a header tells.</summary>
    /// <exception cref="WireException">No such header is sent by a rank.</exception>
    public static (int Length, FrameKind Kind) ReadHeader(ReadOnlySpan<byte> header, int largest)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var kind = (FrameKind)header[4];
        if (length > largest || !Enum.IsDefined(kind)) throw new WireException("bytes that are no message of a rank");
        return ((int)length, kind);
    }

    public async Task SendAsync(Socket socket, CancellationToken cancellation)
    {
        var rest = (ReadOnlyMemory<byte>)ToBytes();
        while (!rest.IsEmpty) rest = rest[await socket.SendAsync(rest, cancellation).ConfigureAwait(false)..];
    }

    /// <summary>The next message of a socket that nobody else reads.</summary>
    /// <param name="kind">The kind that is due.</param>
    /// <exception cref="WireException">Another message came, or the connection ended.</exception>
    public static async Task<Frame> ReceiveAsync(Socket socket, FrameKind kind, int largest, CancellationToken cancellation)
    {
        byte[] header = await BytesAsync(socket, HeaderBytes, cancellation).ConfigureAwait(false);
        var (length, actual) = ReadHeader(header, largest);
        var frame = new Frame(actual, await BytesAsync(socket, length, cancellation).ConfigureAwait(false));
        if (actual == FrameKind.Refusal && kind != actual) throw new WireException(frame.Read<string>()) { IsRefusal = true };
        return actual == kind ? frame : throw new WireException($"{actual} where {kind} was due");
    }

    static async Task<byte[]> BytesAsync(Socket socket, int count, CancellationToken cancellation)
    {
        byte[] bytes = new byte[count];
        for (int done = 0; done < count;)
        {
            int got = await socket.ReceiveAsync(bytes.AsMemory(done), cancellation).ConfigureAwait(false);
            if (got == 0) throw new WireException("the connection ended");
            done += got;
        }
        return bytes;
    }
}

/// <summary>The kinds of messages, with the type of their values.</summary>
internal enum FrameKind : byte
{
    /// <summary>byte[]: random bytes by which the other side shows that it has the job's key.</summary>
    Challenge = 1,

    /// <summary><see cref="Joining.Hello"/></summary>
    Hello,

    /// <summary><see cref="Joining.Welcome"/></summary>
    Welcome,

    /// <summary>string: the reason why a connection ends.</summary>
    Refusal,

    /// <summary><see cref="Joining.Roster"/></summary>
    Roster,

    /// <summary><see cref="Watching.Heartbeat"/></summary>
    Heartbeat,

    /// <summary><see cref="Watching.Accusation"/></summary>
    Accusation,

    /// <summary><see cref="Watching.Verdict"/></summary>
    Verdict,

    /// <summary>int: the rank that leaves, with all its work done.</summary>
    Goodbye,

    /// <summary><see cref="Joining.LinkHello"/></summary>
    Link,
}

/// <summary>A connection brought something that no rank of this job sends; never shown as it is.</summary>
internal sealed class WireException(string message) : NativeRetrievalException(message)
{
    /// <summary>True where rank 0 answered, and refused this rank.</summary>
    public bool IsRefusal { get; init; }
}
