using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// The bytes that libsndfile decodes: a stream that is open here. The number of samples in a FLAC file's header is shown to it as unknown,
/// so that it reads to the last frame whatever the header says.
/// </summary>
internal sealed unsafe class LibsndfileSource
{
    /// <summary>Place of the sample count, the low 36 bits of eight bytes, behind the start of STREAMINFO (RFC 9639, 8.2).</summary>
    const int FlacCountOffset = 18, FlacCountBytes = 8;
    const ulong FlacCountMask = (1UL << 36) - 1;

    readonly Stream _stream;
    readonly bool _isFlac;
    readonly long _length;
    long _position;

    /// <param name="stream">Read from its first byte on; its owner closes it.</param>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public LibsndfileSource(Stream stream, bool isFlac)
    {
        (_stream, _isFlac, _length) = (stream, isFlac, stream.Length);
        if (isFlac) StatedFrames = (long)(FlacCount() & FlacCountMask);
    }

    public static Libsndfile.VirtualIo Calls => new() { Length = &Length, Seek = &Seek, Read = &Read, Tell = &Tell };

    /// <summary>Frames that a FLAC header states; 0: it does not say.</summary>
    public long StatedFrames { get; }

    /// <summary>The failure of the disk that ended the last read, if one did.</summary>
    public Exception? Failure { get; private set; }

    ulong FlacCount()
    {
        Span<byte> bytes = stackalloc byte[FlacCountBytes];
        _stream.Position = FlacCountOffset;
        bool isWhole = _stream.ReadAtLeast(bytes, FlacCountBytes, throwOnEndOfStream: false) == FlacCountBytes;
        return isWhole ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;
    }

    void HideFlacCount(Span<byte> bytes, long position)
    {
        for (int i = 0; i < 5; i++)
        {
            long at = FlacCountOffset + 3 + i - position;
            if (at >= 0 && at < bytes.Length) bytes[(int)at] &= i == 0 ? (byte)0xF0 : (byte)0;
        }
    }

    static LibsndfileSource Of(nint user) => (LibsndfileSource)GCHandle.FromIntPtr(user).Target!;

    // The library calls these; an exception must not pass through it.
    [UnmanagedCallersOnly]
    static long Length(nint user) => Of(user)._length;

    [UnmanagedCallersOnly]
    static long Tell(nint user) => Of(user)._position;

    [UnmanagedCallersOnly]
    static long Seek(long offset, int whence, nint user)
    {
        var source = Of(user);
        long target = unchecked(offset + (whence == 0 ? 0 : whence == 1 ? source._position : source._length));
        return target < 0 ? -1 : source._position = target;
    }

    [UnmanagedCallersOnly]
    static long Read(byte* target, long count, nint user)
    {
        var source = Of(user);
        try
        {
            if (count <= 0 || source._position >= source._length) return 0;
            var bytes = new Span<byte>(target, (int)Math.Min(count, int.MaxValue));
            source._stream.Position = source._position;
            int read = source._stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (source._isFlac) source.HideFlacCount(bytes[..read], source._position);
            source._position += read;
            return read;
        }
        catch (Exception error)
        {
            source.Failure = error;
            return 0;
        }
    }
}
