using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>
/// A copy of a segment's committed rows in a device's memory, and of float32 rows another in bfloat16 where it is wanted: a search reads
/// that first. It grows as the segment does; rows that were loaded are not loaded again.
/// </summary>
/// <param name="width">Elements of a row with its padding.</param>
internal sealed class ResidentSegment(Device device, SegmentFormat format, int width) : IDisposable
{
    /// <summary>Most bytes that are in memory on the way to the device.</summary>
    const int WindowSizeBytes = 64 << 20;

    Tensor? _rows, _rounded;
    bool _rounds = true;
    int _count;
    uint _sum;

    /// <summary>
    /// The rows of a session, which may be fewer than are here, and their copy in bfloat16 or null. Views of the caller's scope.
    /// </summary>
    /// <param name="rounds">False gives the copy in bfloat16 up for good: the device has no room for it.</param>
    /// <exception cref="Core.Errors.IndexCorruptException">A row in use is not what was written.</exception>
    public (Tensor Rows, Tensor? Rounded) Rows(ReadSession session, SegmentRows rows, bool rounds)
    {
        if (!rounds)
        {
            _rounded?.Dispose();
            (_rounded, _rounds) = (null, false);
        }
        if (_rows is null || rows.Count > _rows.Shape[0]) Grow(rows.Count);
        if (format.Element == DType.Float32) Load<float>(session, rows);
        else Load<BFloat16>(session, rows);
        return (_rows!.Rows(0, rows.Count), _rounded?.Rows(0, rows.Count));
    }

    public void Dispose()
    {
        _rows?.Dispose();
        _rounded?.Dispose();
    }

    /// <summary>
    /// Room for the rows asked for, and at a later time half as many again as there were: appending in small steps copies each row only a
    /// few times.
    /// </summary>
    void Grow(int count)
    {
        int room = Math.Max(count, (int)Math.Min(int.MaxValue, _count * 3L / 2));
        _rows = Larger(_rows, room, format.Element);
        if (_rounds) _rounded = Larger(_rounded, room, DType.BFloat16);
    }

    /// <summary>A tensor of more rows with those of the old one, which is freed.</summary>
    Tensor Larger(Tensor? rows, int room, DType element)
    {
        var larger = TensorScope.Detach(Tensor.Empty([room, width], device, element));
        if (rows is null) return larger;
        using Tensor source = rows.Rows(0, _count), target = larger.Rows(0, _count);
        target.CopyFrom(source);
        rows.Dispose();
        return larger;
    }

    unsafe void Load<TElement>(ReadSession session, SegmentRows rows) where TElement : unmanaged
    {
        if (rows.Count <= _count) return;
        uint[] checksums = new uint[rows.Count - _count];
        int window = Math.Max(1, WindowSizeBytes / format.StrideBytes);
        var memory = new RowMemory(format);
        try
        {
            for (int done = 0; done < checksums.Length; done += window)
            {
                uint[] here = new uint[Math.Min(window, checksums.Length - done)];
                memory.Read(rows.File, _count + done, place: 0, here);
                here.CopyTo(checksums, done);
                foreach (var block in memory.Blocks(here.Length, firstId: _count + done, rows: null))
                {
                    using var target = _rows!.Rows((int)block.FirstId, block.Count);
                    target.CopyFrom(new ReadOnlySpan<TElement>((void*)block.Rows, block.Count * width));
                    if (_rounded is null) continue;
                    using Tensor narrow = Op.Cast(target, DType.BFloat16), room = _rounded.Rows((int)block.FirstId, block.Count);
                    room.CopyFrom(narrow);
                }
            }
        }
        finally
        {
            memory.Release();
        }
        _sum = session.Confirm(rows, _sum, _count, checksums);
        _count = rows.Count;
    }
}
