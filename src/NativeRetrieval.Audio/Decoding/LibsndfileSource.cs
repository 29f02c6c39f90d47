using System.Runtime.InteropServices;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>
/// The bytes that libsndfile decodes: a stream that is open here. The number of samples in a FLAC file's header is shown to it as unknown,
/// so that it reads to the last frame whatever the header says.
/// </summary>
internal sealed unsafe class LibsndfileSource : IDisposable
{
    /// <summary>
    /// Place of the sample count, the low 36 bits of eight bytes (RFC 9639, 8.2), in a file that begins with its STREAMINFO block.
    /// </summary>
    const int FlacCountOffset = 18, FlacCountBytes = 8;
    const ulong FlacCountMask = (1UL << 36) - 1;

    readonly Stream _stream;
    readonly bool _isFlac;
    GCHandle _self;

    public LibsndfileSource(Stream stream, bool isFlac)
    {
        (_stream, _isFlac) = (stream, isFlac);
        _self = GCHandle.Alloc(this);
        if (isFlac) StatedFrames = (long)(FlacCount() & FlacCountMask);
        stream.Position = 0;
    }

    public static Libsndfile.VirtualIo Calls => new() { Length = &Length, Seek = &Seek, Read = &Read, Tell = &Tell };

    public nint User => GCHandle.ToIntPtr(_self);

    /// <summary>Frames that a FLAC header states; 0: it does not say.</summary>
    public long StatedFrames { get; }

    /// <summary>The failure of the disk that ended the last read, if one did.</summary>
    public Exception? Failure { get; private set; }

    public void Dispose()
    {
        if (_self.IsAllocated) _self.Free();
        _stream.Dispose();
    }

    ulong FlacCount()
    {
        Span<byte> bytes = stackalloc byte[FlacCountBytes];
        _stream.Position = FlacCountOffset;
        return _stream.ReadAtLeast(bytes, FlacCountBytes, throwOnEndOfStream: false) < FlacCountBytes ? 0
            : System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
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

    [UnmanagedCallersOnly]
    static long Length(nint user) => Of(user)._stream.Length;

    [UnmanagedCallersOnly]
    static long Tell(nint user) => Of(user)._stream.Position;

    [UnmanagedCallersOnly]
    static long Seek(long offset, int whence, nint user)
    {
        var stream = Of(user)._stream;
        long target = offset + (whence == 0 ? 0 : whence == 1 ? stream.Position : stream.Length);
        return target < 0 ? -1 : stream.Position = target;
    }

    [UnmanagedCallersOnly]
    static long Read(byte* target, long count, nint user)
    {
        var source = Of(user);
        try
        {
            var bytes = new Span<byte>(target, (int)Math.Min(count, int.MaxValue));
            long position = source._stream.Position;
            int read = source._stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (source._isFlac) source.HideFlacCount(bytes[..read], position);
            return read;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            source.Failure = error;
            return 0;
        }
    }
}
