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
        if (element == DType.Float32) Load<float>(block);
        else Load<BFloat16>(block);
        return _rows!.Rows(0, block.Count);
    }

    public void Dispose() => _rows?.Dispose();

    /// <summary>
    /// Room for the rows asked for, and at a later time half as many again as there were: appending in small steps copies each row only a
    /// few times.
    /// </summary>
    void Grow(int count)
    {
        int room = Math.Max(count, (int)Math.Min(int.MaxValue, _count * 3L / 2));
        var larger = TensorScope.Detach(Tensor.Empty([room, width], device, element));
        if (_rows is not null)
        {
            using Tensor source = _rows.Rows(0, _count), target = larger.Rows(0, _count);
            target.CopyFrom(source);
            _rows.Dispose();
        }
        _rows = larger;
    }

    unsafe void Load<TElement>(RowBlock block) where TElement : unmanaged
    {
        int piece = Math.Max(1, PieceSizeBytes / (width * sizeof(TElement)));
        while (_count < block.Count)
        {
            int rows = Math.Min(piece, block.Count - _count);
            using var target = _rows!.Rows(_count, rows);
            target.CopyFrom(new ReadOnlySpan<TElement>((TElement*)block.Rows + (long)_count * width, rows * width));
            _count += rows;
        }
    }
}
