using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>Bounded reads at any place of a file; nothing is read past its end.</summary>
internal sealed class TagReader(Stream file)
{
    public long Length { get; } = file.Length;

    /// <summary>The bytes at a place, as many as are there and at most <paramref name="count"/>.</summary>
    public byte[] Read(long position, int count)
    {
        if (position < 0 || position >= Length || count <= 0) return [];
        byte[] bytes = new byte[(int)Math.Min(count, Length - position)];
        file.Position = position;
        int read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    public static uint U32(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
