using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// The committed rows of a segment file, mapped for reading. The mapping outlives <see cref="Dispose"/> until the last
/// <see cref="Release"/>.
/// </summary>
internal sealed unsafe class MappedSegment : IDisposable
{
    readonly MemoryMappedFile _file;
    readonly MemoryMappedViewAccessor _view;
    readonly SafeMemoryMappedViewHandle _handle;

    MappedSegment(MemoryMappedFile file, MemoryMappedViewAccessor view, int rows) =>
        (_file, _view, _handle, Rows) = (file, view, view.SafeMemoryMappedViewHandle, rows);

    public int Rows { get; }

    /// <exception cref="FileNotFoundException">There is no such file; a reader may have been overtaken by a compaction.</exception>
    /// <exception cref="IndexCorruptException">The file is shorter than the catalogue says or has another header.</exception>
    public static MappedSegment Open(string folder, SegmentFormat format, int segment, int rows)
    {
        string path = Path.Combine(folder, SegmentFormat.FileName(segment));
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        long needed = format.OffsetBytes(rows);
        if (stream.Length < needed)
            throw new IndexCorruptException(path, $"{stream.Length:N0} bytes, but {rows:N0} committed rows take {needed:N0}; the file "
                + "was truncated");

        byte[] header = new byte[SegmentFormat.HeaderSizeBytes];
        stream.ReadExactly(header);
        format.CheckHeader(path, segment, header);

        var file = MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read,
            HandleInheritability.None, leaveOpen: true);
        return new MappedSegment(file, file.CreateViewAccessor(0, needed, MemoryMappedFileAccess.Read), rows);
    }

    /// <summary>Address of the first row, valid until <see cref="Release"/>.</summary>
    public nint Acquire()
    {
        byte* start = null;
        _handle.AcquirePointer(ref start);
        return (nint)(start + _view.PointerOffset + SegmentFormat.HeaderSizeBytes);
    }

    public void Release() => _handle.ReleasePointer();

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
