using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing;

public sealed partial class LocalAudioIndex
{
    /// <summary>Reads all vectors and compares them with their checksums; the index must be open for writing.</summary>
    /// <remarks>What is added from now on does not go into damaged segments.</remarks>
    /// <exception cref="IndexCorruptException">The catalogue itself is damaged.</exception>
    /// <exception cref="IndexException">The index was opened for reading.</exception>
    public Task<IndexDamage> FindDamageAsync(CancellationToken cancellationToken = default) => WriteAsync(writer =>
    {
        var (files, segments) = _sessions.Read(session => FindDamage(session, cancellationToken));
        writer.Damaged = segments;
        return new IndexDamage(files, segments.Count, writer.Lost is not null);
    }, cancellationToken);

    /// <summary>
    /// Moves what is intact out of damaged segments and removes these. Call it when the files that <see cref="FindDamageAsync"/> names have
    /// new vectors or are taken out, and after lost commits when all files are in the index.
    /// </summary>
    /// <exception cref="IndexCorruptException">Files are still damaged.</exception>
    /// <exception cref="IndexException">The index was opened for reading.</exception>
    public async Task FinishRepairAsync(CancellationToken cancellationToken = default)
    {
        if (await FindDamageAsync(cancellationToken).ConfigureAwait(false) is { Files: [var first, ..] files })
            throw new IndexCorruptException(_folder,
                $"the vectors of {files.Count:N0} {(files.Count == 1 ? "file" : "files")} in it are damaged "
                + $"and were not replaced, because their sounds were not among those given or cannot be read, e.g. {first.FullPath}; "
                + "index them, too; where they are gone, name the folder they were in, and they are taken out");
        await WriteAsync(writer =>
        {
            if (writer.Damaged.Count > 0)
            {
                using (var session = _sessions.Begin()) writer.Compact(session, writer.Damaged);
                writer.Checkpoint();
            }
            writer.Finish();
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    (List<IndexedFile> Files, HashSet<int> Segments) FindDamage(ReadSession session, CancellationToken cancellationToken)
    {
        var files = new List<IndexedFile>();
        var segments = new HashSet<int>();
        var paths = session.CheckedFiles().ToDictionary(file => file.FirstRow, file => file.File.FullPath);
        if (new DetailsTable(session.Catalogue).Problems(paths).FirstOrDefault() is { } problem)
            throw new IndexCorruptException(session.Catalogue.Path, $"{problem}; {Catalogue.WayOut}");
        foreach (var rows in session.Rows.Segments)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsIntact(rows)) continue;
            segments.Add(rows.Id);
            long windows = 0;
            foreach (var file in session.Catalogue.ReadFiles(rows.Id, first: 0))
            {
                windows += file.Windows.Length;
                if (!IsIntact(session, file)) files.Add(file.File);
            }
            if (windows != rows.Record.LiveRowsFrom(0))
                throw new IndexCorruptException(session.Catalogue.Path,
                    $"the rows in use of {SegmentFormat.FileName(rows.Id)} are not those of "
                    + $"the files listed; {Catalogue.WayOut}");
        }
        return (files, segments);
    }

    bool IsIntact(SegmentRows rows)
    {
        uint sum = 0;
        var memory = new RowMemory(_format);
        try
        {
            int window = 8 * memory.PieceRows;
            for (int first = 0; first < rows.Count; first += window)
            {
                uint[] checksums = new uint[Math.Min(window, rows.Count - first)];
                memory.Read(rows.File, first, place: 0, checksums);
                sum = RowChecksums.Extend(sum, checksums);
            }
            return sum == rows.Record.RowsSum;
        }
        catch (IndexCorruptException)
        {
            return false;
        }
        finally
        {
            memory.Release();
        }
    }

    static bool IsIntact(ReadSession session, FileRecord file)
    {
        try
        {
            for (int i = 0; i < file.Windows.Length; i++) session.CheckedRow(file, i);
            return true;
        }
        catch (IndexCorruptException)
        {
            return false;
        }
    }
}
