using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>A view of a storage: element [i, j, …] lies at offset + i·stride₀ + j·stride₁ + ….</summary>
/// <param name="start">Byte of the first element in the storage.</param>
/// <param name="extent">Bytes from the first element to the end of the last.</param>
sealed class StridedTensor(string name, StorageData storage, long start, int extent, long[] sizes, long[] strides,
    int elementBytes) : TensorSource
{
    public override void CopyTo(Stream destination, CancellationToken cancellation) =>
        storage.Use(start, extent, TensorLayout.Label(name), (destination, cancellation),
            (bytes, to) => Gather(bytes, to.destination, to.cancellation));

    void Gather(ReadOnlySpan<byte> bytes, Stream destination, CancellationToken cancellation)
    {
        Span<byte> buffer = stackalloc byte[8192];
        int filled = 0;
        var index = new long[sizes.Length];
        long at = 0;
        while (true)
        {
            bytes.Slice((int)at, elementBytes).CopyTo(buffer[filled..]);
            filled += elementBytes;
            if (filled == buffer.Length)
            {
                cancellation.ThrowIfCancellationRequested();
                destination.Write(buffer);
                filled = 0;
            }
            int axis = sizes.Length - 1;
            for (; axis >= 0; axis--)
            {
                at += strides[axis] * elementBytes;
                if (++index[axis] < sizes[axis]) break;
                at -= strides[axis] * elementBytes * sizes[axis];
                index[axis] = 0;
            }
            if (axis < 0) break;
        }
        destination.Write(buffer[..filled]);
    }
}
