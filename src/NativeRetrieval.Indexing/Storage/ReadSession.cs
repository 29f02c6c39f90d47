using System.Globalization;
using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>One consistent view of an index, catalogue and rows, for the time of one call.</summary>
internal sealed class ReadSession(Catalogue catalogue, SqliteTransaction transaction, SnapshotLease lease, SegmentFormat format,
    Action<Catalogue> giveBack) : IDisposable
{
    /// <summary>Added to what is said of damaged rows.</summary>
    public const string WayOut = "`nativeretrieval index` with the sounds of this index replaces what is damaged";

    public Catalogue Catalogue => catalogue;

    public SnapshotLease Rows => lease;

    public CatalogueState State => lease.Snapshot.State;

    /// <summary>All files; throws at the end where the catalogue has lost or repeats some, which would otherwise go unseen.</summary>
    public IEnumerable<FileRecord> CheckedFiles()
    {
        long files = 0, windows = 0;
        foreach (var file in catalogue.ReadFiles())
        {
            files++;
            windows += file.Windows.Length;
            yield return file;
        }
        if (files != State.Files || windows != State.LiveRows)
            throw new IndexCorruptException(catalogue.Path,
                $"{files:N0} files with {windows:N0} windows are listed, {State.Files:N0} with {State.LiveRows:N0} were committed; "
                + Catalogue.WayOut);
    }

    /// <summary>A copy of a row, read from the disk and compared with its checksum.</summary>
    /// <exception cref="IndexCorruptException">The row is not what was written.</exception>
    public unsafe byte[] CheckedRow(FileRecord file, int window)
    {
        int id = RowId.Segment(file.FirstRow), row = RowId.Row(file.FirstRow) + window;
        if (lease.Segments.FirstOrDefault(rows => rows.Id == id) is not { } segment || row < 0 || row >= segment.Count)
            throw new IndexCorruptException(catalogue.Path,
                $"{file.File.FullPath} refers to row {row} of {SegmentFormat.FileName(id)}, which is not among the committed ones; "
                + Catalogue.WayOut);
        byte[] bytes = new byte[format.StrideBytes];
        Span<uint> checksum = [0];
        fixed (byte* target = bytes) segment.File.Read(row, target, checksum);
        return checksum[0] == file.Windows[window].RowChecksum ? bytes : throw Damaged(segment, file, window);
    }

    /// <summary>Compares rows that were read with what was committed.</summary>
    /// <param name="rows">A segment's rows.</param>
    /// <param name="sum">The number that stands for the rows before <paramref name="first"/>, which were compared before.</param>
    /// <param name="first">First of the rows that were read; the others reach to the segment's last.</param>
    /// <param name="checksums">Of the rows that were read.</param>
    /// <returns>The number that stands for all rows.</returns>
    /// <exception cref="IndexCorruptException">A row in use is not what was written.</exception>
    public uint Confirm(SegmentRows rows, uint sum, int first, ReadOnlySpan<uint> checksums)
    {
        sum = RowChecksums.Extend(sum, checksums);
        if (rows.Record.RowsSum == sum) return sum;

        // An index of schema version 1, or something is damaged: the records of the files tell which row, and if it is in use.
        long compared = 0;
        foreach (var file in catalogue.ReadFiles(rows.Id, first))
        {
            for (int i = 0; i < file.Windows.Length; i++)
            {
                int row = RowId.Row(file.FirstRow) + i;
                if (row >= rows.Count || checksums[row - first] != file.Windows[i].RowChecksum) throw Damaged(rows, file, i);
            }
            compared += file.Windows.Length;
        }
        long live = rows.Record.LiveRowsFrom(first);
        return compared == live
            ? sum
            : throw new IndexCorruptException(catalogue.Path, $"{live:N0} rows of {SegmentFormat.FileName(rows.Id)} are in use, the files "
                + $"listed have {compared:N0}; {Catalogue.WayOut}");
    }

    /// <summary>The message for a row in use that is not what was written.</summary>
    public IndexCorruptException Damaged(SegmentRows rows, long row)
    {
        var file = catalogue.FindByRow(row);
        return Damaged(rows, file, (int)(row - file.FirstRow));
    }

    IndexCorruptException Damaged(SegmentRows rows, FileRecord file, int window)
    {
        int row = RowId.Row(file.FirstRow) + window;
        var (start, end, _) = file.Windows[window];
        return new IndexCorruptException(rows.File.Path, string.Create(CultureInfo.InvariantCulture,
            $"row {row} at byte {format.OffsetBytes(row):N0}, {start:0.###} to {end:0.###} s of {file.File.FullPath}, does not match its "
            + $"checksum; {WayOut}"));
    }

    public void Dispose()
    {
        lease.Dispose();
        transaction.Dispose();
        giveBack(catalogue);
    }
}
