using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// The values of a tensor where they lie in a file, which stays open: rows are read when they are wanted, and take no memory. Another file
/// of the same name does not disturb it. Each row is compared with its SHA-256, taken when the file was opened: a file that was touched, or
/// written anew with the same content, serves on, and any other byte than then is an error, whatever the file's times say.
/// </summary>
internal sealed class FileRows : IDisposable
{
    /// <summary>Bytes of each row's SHA-256 that are kept: no two rows of different content share so many.</summary>
    const int HashBytes = 16;

    const int ChunkBytes = 1 << 20;

    readonly SafeFileHandle _file;
    readonly string _path;
    readonly SafetensorsEntry _entry;
    readonly int _rowBytes;
    readonly byte[] _hashes;

    /// <param name="entry">A tensor of at least one dimension and one value.</param>
    /// <param name="status">State of the file when its header was read.</param>
    /// <exception cref="CorruptFileException">Another file has taken its place since, or it was changed.</exception>
    public FileRows(string path, SafetensorsEntry entry, FileStatus status)
    {
        (_path, _entry, _rowBytes) = (path, entry, checked((int)(entry.LengthBytes / entry.Shape[0])));
        _hashes = new byte[HashBytes * entry.Shape[0]];
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
            HashAll();
            if (FileStatus.Of(_file, _path) != status) throw Changed("the file");
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
    /// <inheritdoc cref="Read(long, Span{byte})"/>
    public void Read(long first, ReadOnlySpan<int> rows, Span<byte> values)
    {
        if (rows.IsEmpty) return;
        int rowBytes = values.Length / rows.Length;
        for (int i = 0; i < rows.Length; i++) Read(first + (long)rows[i] * rowBytes, values.Slice(i * rowBytes, rowBytes));
    }

    /// <summary>Reads a part of the tensor.</summary>
    /// <param name="offset">From the tensor's first byte.</param>
    /// <exception cref="CorruptFileException">The file has other values there than when it was opened.</exception>
    public void Read(long offset, Span<byte> bytes)
    {
        byte[]? whole = null;
        while (bytes.Length > 0)
        {
            long row = offset / _rowBytes;
            int before = (int)(offset % _rowBytes), count = Math.Min(bytes.Length, _rowBytes - before);
            if (count == _rowBytes) ReadRow(row, bytes[..count]);
            else
            {
                // A part of a row is as good as the row it is of.
                ReadRow(row, whole ??= new byte[_rowBytes]);
                whole.AsSpan(before, count).CopyTo(bytes);
            }
            bytes = bytes[count..];
            offset += count;
        }
    }

    public void Dispose() => _file.Dispose();

    void ReadRow(long row, Span<byte> values)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SafetensorsFile.ReadBytes(_file, _path, _entry, row * _rowBytes, values);
        SHA256.HashData(values, hash);
        if (!hash[..HashBytes].SequenceEqual(_hashes.AsSpan((int)row * HashBytes, HashBytes))) throw Changed($"its row {row}");
    }

    void HashAll()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        int rows = _hashes.Length / HashBytes, most = Math.Max(1, ChunkBytes / _rowBytes);
        using var memory = MemoryPool<byte>.Shared.Rent(Math.Min(most, rows) * _rowBytes);
        for (int first = 0; first < rows; first += most)
        {
            var chunk = memory.Memory.Span[..(Math.Min(most, rows - first) * _rowBytes)];
            SafetensorsFile.ReadBytes(_file, _path, _entry, (long)first * _rowBytes, chunk);
            for (int row = first; chunk.Length > 0; row++, chunk = chunk[_rowBytes..])
            {
                SHA256.HashData(chunk[.._rowBytes], hash);
                hash[..HashBytes].CopyTo(_hashes.AsSpan(row * HashBytes));
            }
        }
    }

    CorruptFileException Changed(string what) => new(_path, $"was changed while it was in use: tensor '{_entry.Name}' is read from it, and "
        + $"{what} is not as it was when the model was opened; put the file back as it was, or open the model again");
}
