using Microsoft.Win32.SafeHandles;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>
/// A segment file open for reading. Rows are copied out of it by ordinary reads: a file that is cut meanwhile is an error, where touching
/// a mapping of it would end the process.
/// </summary>
/// <remarks>Stays open until its owner and all that have acquired it have let go.</remarks>
internal sealed unsafe class SegmentFile
{
    readonly SegmentFormat _format;
    readonly SafeFileHandle? _handle;
    readonly string? _problem;
    int _holders = 1;

    SegmentFile(SegmentFormat format, int id, string path, SafeFileHandle? handle, string? problem) =>
        (_format, Id, Path, _handle, _problem) = (format, id, path, handle, problem);

    public int Id { get; }

    public string Path { get; }

    /// <param name="tolerant">True to open what is missing or damaged, too: reading rows that are not there then throws.</param>
    /// <exception cref="FileNotFoundException">There is no such file; a reader may have been overtaken by a compaction.</exception>
    /// <exception cref="IndexCorruptException">The file is shorter than the catalogue says or has another header.</exception>
    public static SegmentFile Open(string folder, SegmentFormat format, SegmentRecord record, bool tolerant)
    {
        string path = System.IO.Path.Combine(folder, SegmentFormat.FileName(record.Id));
        SafeFileHandle? handle = null;
        try
        {
            handle = RegularFile.OpenHandle(path);
            var file = new SegmentFile(format, record.Id, path, handle, problem: null);
            if (!tolerant) file.CheckLength(record.Rows);
            byte[] header = new byte[SegmentFormat.HeaderSizeBytes];
            fixed (byte* start = header) file.ReadBytes(0, start, header.Length);
            format.CheckHeader(path, record, header);
            return file;
        }
        catch (FileNotFoundException) when (tolerant)
        {
            return new SegmentFile(format, record.Id, path, handle: null, "the catalogue refers to this file, but it is missing");
        }
        catch (IndexCorruptException e) when (tolerant)
        {
            handle?.Dispose();
            return new SegmentFile(format, record.Id, path, handle: null, e.Problem);
        }
        catch
        {
            handle?.Dispose();
            throw;
        }
    }

    /// <exception cref="IndexCorruptException">The file is shorter than so many rows.</exception>
    public void CheckLength(int rows)
    {
        if (_handle is null) return;
        long needed = _format.OffsetBytes(rows), length = RandomAccess.GetLength(_handle);
        if (length < needed)
            throw new IndexCorruptException(Path, $"{length:N0} bytes, but {rows:N0} committed rows take {needed:N0}; the file was "
                + $"truncated; {ReadSession.WayOut}");
    }

    /// <summary>Copies rows to memory and computes the checksum of each.</summary>
    /// <exception cref="IndexCorruptException">The file has been cut, or the disk does not give them.</exception>
    public void Read(int first, byte* target, Span<uint> checksums)
    {
        ReadBytes(_format.OffsetBytes(first), target, (long)checksums.Length * _format.StrideBytes);
        RowChecksums.Of(target, _format.StrideBytes, checksums);
    }

    /// <summary>Copies one row to memory.</summary>
    /// <inheritdoc cref="Read(int, byte*, Span{uint})" path="/exception"/>
    public void Read(int row, byte* target) => ReadBytes(_format.OffsetBytes(row), target, _format.StrideBytes);

    void ReadBytes(long offset, byte* target, long count)
    {
        if (_handle is null) throw new IndexCorruptException(Path, _problem!);
        for (long done = 0; done < count;)
        {
            int read;
            try
            {
                read = RandomAccess.Read(_handle, new Span<byte>(target + done, (int)Math.Min(count - done, 1 << 30)), offset + done);
            }
            catch (IOException e)
            {
                throw new IndexCorruptException(Path, $"the bytes from {offset + done:N0} on cannot be read: {e.Message}; "
                    + ReadSession.WayOut, e);
            }
            if (read == 0)
                throw new IndexCorruptException(Path, $"ends at byte {offset + done:N0}, but committed rows lie behind; the file was "
                    + $"truncated; {ReadSession.WayOut}");
            done += read;
        }
    }

    public void Acquire() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0) _handle?.Dispose();
    }
}

/// <summary>The committed rows of a segment, as one session sees them.</summary>
/// <param name="Excluded">Bit r % 64 of word r / 64 is set where row r must not be found.</param>
internal sealed record SegmentRows(SegmentFile File, SegmentRecord Record, ulong[] Excluded)
{
    public int Id => Record.Id;

    public int Count => Record.Rows;

    /// <summary>The bitmap of some of the rows.</summary>
    /// <param name="first">A multiple of 64.</param>
    public ulong[] ExcludedOf(int first, int count)
    {
        int word = Math.Min(first / 64, Excluded.Length), words = Math.Min((count + 63) / 64, Excluded.Length - word);
        return Excluded[word..(word + words)];
    }
}
