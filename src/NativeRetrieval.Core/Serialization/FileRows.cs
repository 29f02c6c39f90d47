using Microsoft.Win32.SafeHandles;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// The values of a tensor where they lie in a file, which stays open: rows are read when they are wanted, and take no memory. Another file
/// of the same name does not disturb it; a change of this one is an error.
/// </summary>
internal sealed class FileRows : IDisposable
{
    readonly SafeFileHandle _file;
    readonly string _path;
    readonly SafetensorsEntry _entry;
    readonly FileStatus _status;

    /// <param name="status">State of the file when its header was read.</param>
    /// <exception cref="CorruptFileException">Another file has taken its place since, or it was changed.</exception>
    public FileRows(string path, SafetensorsEntry entry, FileStatus status)
    {
        (_path, _entry, _status) = (path, entry, status);
        try
        {
            _file = RegularFile.OpenHandle(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
        try
        {
            RequireUnchanged();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Reads rows in the order of their numbers' places.</summary>
    /// <param name="first">Bytes before row 0, from the tensor's first byte.</param>
    /// <param name="rows">Numbers of rows inside the tensor.</param>
    /// <param name="values">Room for as many whole rows.</param>
    public void Read(long first, ReadOnlySpan<int> rows, Span<byte> values)
    {
        if (rows.IsEmpty) return;
        int rowBytes = values.Length / rows.Length;
        for (int i = 0; i < rows.Length; i++) Read(first + (long)rows[i] * rowBytes, values.Slice(i * rowBytes, rowBytes));
        RequireUnchanged();
    }

    /// <summary>Reads a part of the tensor.</summary>
    /// <param name="offset">From the tensor's first byte.</param>
    public void Read(long offset, Span<byte> bytes) => SafetensorsFile.ReadBytes(_file, _path, _entry, offset, bytes);

    /// <summary>Refuses what was read if the file is not the one that was opened any more.</summary>
    public void RequireUnchanged()
    {
        if (FileStatus.Of(_file, _path) != _status)
            throw new CorruptFileException(_path, $"was changed while it was in use, and tensor '{_entry.Name}' is read from it; open the "
                + "model again");
    }

    public void Dispose() => _file.Dispose();
}
