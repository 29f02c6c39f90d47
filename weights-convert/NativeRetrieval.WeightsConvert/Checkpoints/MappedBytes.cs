using System.IO.MemoryMappedFiles;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>
/// A file whose parts are mapped only while they are read: a checkpoint of any size takes no more memory than its largest window.
/// </summary>
sealed class MappedBytes : IDisposable
{
    /// <summary>Bytes that are mapped at once where a range is read from one end to the other.</summary>
    public const int WindowBytes = 1 << 24;

    readonly MemoryMappedFile? _file;

    MappedBytes(string path, MemoryMappedFile? file, long length) => (Path, _file, Length) = (path, file, length);

    public string Path { get; }

    public long Length { get; }

    /// <exception cref="FileReadException">There is no such file, or it may not be read.</exception>
    public static MappedBytes Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("checkpoints are mapped as they are: little-endian machines only");
        try
        {
            using var stream = RegularFile.OpenRead(path);
            long length = stream.Length;
            var file = length == 0
                ? null
                : MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read,
                HandleInheritability.None, leaveOpen: true);
            return new MappedBytes(path, file, length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
    }

    /// <summary>Maps a part of the file, which must lie inside it.</summary>
    public MappedWindow Map(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        if (length == 0) return default;
        try
        {
            return new MappedWindow(_file!.CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read), length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(Path, error.Message, error);
        }
    }

    /// <summary>A part of the file as a stream.</summary>
    public Stream OpenStream(long offset, long length) =>
        length == 0 ? Stream.Null : _file!.CreateViewStream(offset, length, MemoryMappedFileAccess.Read);

    /// <summary>Writes a part of the file, window by window.</summary>
    public void CopyTo(long offset, long length, Stream destination, CancellationToken cancellation)
    {
        for (long end = offset + length; offset < end;)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(end - offset, WindowBytes);
            using var window = Map(offset, count);
            destination.Write(window.Span);
            offset += count;
        }
    }

    public void Dispose() => _file?.Dispose();
}
