using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// Changes an index. Rows are appended and flushed to the disk first, then one SQLite transaction refers to them; a run that
/// ends in between leaves rows that no record refers to, and the next one writes over them.
/// </summary>
/// <remarks>Keeps nothing between calls but the connection: after any failure the catalogue alone says what is true.</remarks>
internal sealed class IndexWriter(string folder, SegmentFormat format, IIndexIo io, int maxSegmentRows) : IDisposable
{
    readonly Catalogue _catalogue = Catalogue.Open(folder, SqliteOpenMode.ReadWrite);
    bool _disposed;

    /// <summary>Leaves everything in the main file, so that a copy, or a reader without write access, has all of it.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            _catalogue.Checkpoint();
        }
        catch (SqliteException)
        {
            // What is committed is safe in the log; the next writer moves it.
        }
        _catalogue.Dispose();
    }

    public void CheckIntegrity()
    {
        if (_catalogue.IntegrityProblem() is { } problem) throw new IndexCorruptException(_catalogue.Path, problem);
    }

    /// <summary>Removes segment files that no record refers to: an interrupted run or compaction left them.</summary>
    public void RemoveStraySegments()
    {
        var known = _catalogue.ReadSegments().Select(segment => SegmentFormat.FileName(segment.Id)).ToHashSet();
        foreach (string path in Directory.EnumerateFiles(folder))
            if (SegmentFormat.IsSegmentFileName(Path.GetFileName(path)) && !known.Contains(Path.GetFileName(path))) io.Delete(path);
    }

    public void Upsert(IReadOnlyList<PreparedFile> files)
    {
        if (files.Count == 0) return;
        var state = _catalogue.ReadState();
        using var append = new SegmentAppend(folder, format, io, maxSegmentRows, _catalogue.ReadLastSegment(), state.NextSegment);
        var records = new List<FileRecord>(files.Count);
        foreach (var file in files) records.Add(new FileRecord(file.File, append.Write(file.Rows), file.Windows));
        append.Flush();

        using var transaction = _catalogue.BeginWrite();
        var change = new CatalogueChange(_catalogue, state with { NextSegment = append.NextSegment });
        foreach (var segment in append.Changed) change.Put(segment);
        foreach (var record in records)
        {
            if (_catalogue.FindByPath(record.File.FullPath) is { } former) change.Remove(former);
            change.Add(record);
        }
        change.Finish();
        io.Commit(transaction);
    }

    public int Delete(IReadOnlyList<string> fullPaths)
    {
        using var transaction = _catalogue.BeginWrite();
        var change = new CatalogueChange(_catalogue, _catalogue.ReadState());
        int found = 0;
        foreach (string path in fullPaths)
        {
            if (_catalogue.FindByPath(path) is not { } file) continue;
            change.Remove(file);
            found++;
        }
        if (found == 0) return 0;
        change.Finish();
        io.Commit(transaction);
        return found;
    }

    /// <summary>Gives a file another path, size or time and keeps its windows.</summary>
    public void Redescribe(string fullPath, IndexedFile file)
    {
        using var transaction = _catalogue.BeginWrite();
        var former = _catalogue.FindByPath(fullPath) ?? throw new IndexException($"{folder}: {fullPath} is not in the index");
        if (former.File.ContentHash != file.ContentHash)
            throw new IndexException($"{folder}: {file.Path} has another content than {fullPath}; index it anew");
        var change = new CatalogueChange(_catalogue, _catalogue.ReadState());
        if (file.FullPath != fullPath && _catalogue.FindByPath(file.FullPath) is { } overwritten) change.Remove(overwritten);
        change.Replace(former, former with { File = file });
        change.Finish();
        io.Commit(transaction);
    }

    /// <summary>Rewrites the live rows into new segments, in the order they have now, and removes the old ones.</summary>
    public void Compact(ReadSession current)
    {
        var old = _catalogue.ReadSegments();
        if (old.All(segment => segment.Deleted.Count() == 0)) return;

        var state = _catalogue.ReadState();
        using (var append = new SegmentAppend(folder, format, io, maxSegmentRows, last: null, state.NextSegment))
        {
            var moved = new List<(FileRecord Former, long FirstRow)>();
            foreach (var file in current.Catalogue.ReadFiles())
            {
                byte[] rows = new byte[checked(file.Windows.Length * format.StrideBytes)];
                for (int i = 0; i < file.Windows.Length; i++)
                    current.CheckedRow(file.FirstRow + i, file.Windows[i].RowChecksum).CopyTo(rows, i * format.StrideBytes);
                moved.Add((file, append.Write(rows)));
            }
            append.Flush();

            using var transaction = _catalogue.BeginWrite();
            foreach (var segment in old) _catalogue.DeleteSegment(segment.Id);
            foreach (var segment in append.Changed) _catalogue.WriteSegment(segment);
            foreach (var (former, firstRow) in moved)
            {
                _catalogue.DeleteFile(former);
                _catalogue.InsertFile(former with { FirstRow = firstRow });
            }
            _catalogue.WriteState(state with { Generation = state.Generation + 1, NextSegment = append.NextSegment });
            io.Commit(transaction);
        }

        // The compaction is complete; what cannot be removed now is a stray file for the next writer.
        foreach (var segment in old)
        {
            try
            {
                io.Delete(Path.Combine(folder, SegmentFormat.FileName(segment.Id)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                break;
            }
        }
    }

    public void Checkpoint() => _catalogue.Checkpoint();
}
