using System.Buffers;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>The bytes of one storage in a file.</summary>
abstract class StorageData(long lengthBytes)
{
    public long LengthBytes => lengthBytes;

    /// <summary>Writes a part, which lies inside.</summary>
    /// <param name="what">Name in the message where the bytes are damaged, e.g. <c>tensor 'fc.bias'</c>.</param>
    public abstract void CopyTo(long offset, long length, Stream destination, string what, CancellationToken cancellation);

    /// <summary>Shows a part, which lies inside, at once.</summary>
    public abstract void Use<TState>(long offset, int length, string what, TState state, ReadOnlySpanAction<byte, TState> action);
}
