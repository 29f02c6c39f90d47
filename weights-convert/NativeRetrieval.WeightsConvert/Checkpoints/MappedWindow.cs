using System.IO.MemoryMappedFiles;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>A mapped part of a file; its spans are valid until <see cref="Dispose"/>.</summary>
readonly unsafe ref struct MappedWindow
{
    readonly MemoryMappedViewAccessor? _view;
    readonly byte* _start;

    public MappedWindow(MemoryMappedViewAccessor view, long length)
    {
        _view = view;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
        Length = length;
    }

    public long Length { get; }

    /// <summary>The whole window, at most 2 GB.</summary>
    public ReadOnlySpan<byte> Span => Slice(0, checked((int)Length));

    public ReadOnlySpan<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return new ReadOnlySpan<byte>(_start + offset, length);
    }

    public void Dispose()
    {
        if (_view is null) return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
    }
}
