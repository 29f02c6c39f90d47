using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// A copy of a segment's committed rows in a device's memory. It grows as the segment does; rows that were loaded are not loaded again.
/// </summary>
/// <param name="width">Elements of a row with its padding.</param>
internal sealed class ResidentSegment(Device device, DType element, int width) : IDisposable
{
    /// <summary>Most bytes that are copied to the device in one call.</summary>
    const int PieceSizeBytes = 64 << 20;

    Tensor? _rows;
    int _count;

    /// <summary>The rows of a session, which may be fewer than are here. A view of the caller's scope.</summary>
    /// <param name="block">The same rows, mapped.</param>
    public Tensor Rows(RowBlock block)
    {
        if (_rows is null || block.Count > _rows.Shape[0]) Grow(block.Count);
        if (block.Count > _count) Load(block);
        return _rows!.Rows(0, block.Count);
    }

    public void Dispose() => _rows?.Dispose();

    /// <summary>
    /// Room for the rows asked for, and at a later time half as many again as there were: appending in small steps copies each row only a
    /// few times.
    /// </summary>
    void Grow(int count)
    {
        var larger = Tensor.Empty([Math.Max(count, (int)Math.Min(int.MaxValue, _count * 3L / 2)), width], device, element);
        TensorScope.Forget(larger);
        if (_rows is not null)
        {
            device.Copy(_rows.Address, larger.Address, (long)_count * width * element.SizeBytes());
            _rows.Dispose();
        }
        _rows = larger;
    }

    unsafe void Load(RowBlock block)
    {
        int strideBytes = width * element.SizeBytes(), piece = Math.Max(1, PieceSizeBytes / strideBytes);
        while (_count < block.Count)
        {
            int rows = Math.Min(piece, block.Count - _count);
            long offset = (long)_count * strideBytes;
            device.CopyIn(new ReadOnlySpan<byte>((byte*)block.Rows + offset, rows * strideBytes), _rows!.Address + (nint)offset);
            _count += rows;
        }
    }
}
