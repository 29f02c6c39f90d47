using System.Buffers;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>A storage that lies in the file as it is.</summary>
sealed class FileStorage(MappedBytes file, long start, long lengthBytes) : StorageData(lengthBytes)
{
    public override void CopyTo(long offset, long length, Stream destination, string what, CancellationToken cancellation) =>
        file.CopyTo(start + offset, length, destination, cancellation);

    public override void Use<TState>(long offset, int length, string what, TState state, ReadOnlySpanAction<byte, TState> action)
    {
        using var window = file.Map(start + offset, length);
        action(window.Span, state);
    }
}
