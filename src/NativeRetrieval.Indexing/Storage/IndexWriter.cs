using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// Changes an index. Rows are appended and flushed to the disk first, then one SQLite transaction refers to them; a run that
/// ends in between leaves rows that no record refers to, and the next one writes over them.
/// </summary>
/// <remarks>Keeps nothing between calls but the connection: after any failure the catalogue alone says what is true.</remarks>
internal sealed class IndexWriter(string folder, SegmentFormat format, IIndexIo io, int maxSegmentRows) : IDisposable
{
    readonly Catalogue _catalogue = Catalogue.Open(folder, SqliteOpenMode.ReadWrite);
    CommitReceipt? _lost;
    bool _disposed;

    /// <summary>Segments that hold damaged rows: nothing is added to them.</summary>
    public IReadOnlySet<int> Damaged { get; set; } = new HashSet<int>();

    /// <summary>The receipt of commits that the catalogue has lost, while they are made good; otherwise null.</summary>
    public CommitReceipt? Lost => _lost;

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
        if (_catalogue.IntegrityProblem() is { } problem)
            throw new IndexCorruptException(_catalogue.Path, $"{problem}; {Catalogue.WayOut}");
    }

    /// <summary>Compares the catalogue with its receipt, and makes sure that there is one for all commits from now on.</summary>
    /// <param name="repair">True to take a catalogue that has lost commits as it is; <see cref="Finish"/> ends that.</param>
    public void CheckReceipt(bool repair)
    {
        var state = _catalogue.ReadState();
        try
        {
            var receipt = CommitReceipt.Read(folder);
            CommitReceipt.Check(receipt, folder, format.IndexId, state);
            if (receipt?.Generation != state.Generation) WriteReceipt(state.Generation, state.Files);
        }
        catch (IndexCorruptException e) when (repair)
        {
            _lost = LostReceipt(state);
            if (_lost is { } lost && lost.IndexId != format.IndexId) throw new IndexCorruptException(e.Path, e.Problem, e);
            WriteReceipt(CommitReceipt.RepairUnderWay, _lost.Files);
        }
    }

    CommitReceipt LostReceipt(CatalogueState state)
    {
        try
        {
            if (CommitReceipt.Read(folder) is { } receipt) return receipt;
        }
        catch (IndexCorruptException)
        {
            // Damaged: how many commits are lost is not known, perhaps none.
        }
        return new CommitReceipt(format.IndexId, state.Generation, state.Files);
    }

    /// <summary>Ends a repair: the catalogue as it is now counts.</summary>
    public void Finish()
    {
        Damaged = new HashSet<int>();
        if (_lost is null) return;
        using (var transaction = _catalogue.BeginWrite())
        {
            var state = _catalogue.ReadState();
            // Not a number that the lost commits had.
            long newest = _lost.Generation == CommitReceipt.RepairUnderWay ? state.Generation
                : Math.Max(_lost.Generation, state.Generation);
            state = state with { Generation = newest + 1 };
            _catalogue.WriteState(state);
            io.Commit(transaction);
            WriteReceipt(state.Generation, state.Files);
        }
        _lost = null;
    }

    void WriteReceipt(long generation, long files) =>
        io.Replace(Path.Combine(folder, CommitReceipt.FileName), new CommitReceipt(format.IndexId, generation, files).Bytes);

    /// <summary>Commits, and notes it in the receipt.</summary>
    void Commit(SqliteTransaction transaction, CatalogueState state)
    {
        io.Commit(transaction);
        if (_lost is not null) return;
        try
        {
            WriteReceipt(state.Generation, state.Files);
        }
        catch (Exception e) when (e is FileWriteException or IOException)
        {
            // The commit stands and must not be reported as failed. Its receipt is an older one, which is no fault; the next commit, or
            // the next writer, writes it.
        }
    }

    /// <summary>
    /// Removes segment files that no record refers to, which an interrupted run or compaction left, and unfinished receipts.
    /// </summary>
    public void RemoveStrayFiles()
    {
        DurableFile.DeleteLeftovers(folder);
        var known = _catalogue.ReadSegments().Select(segment => SegmentFormat.FileName(segment.Id)).ToHashSet();
        foreach (string path in Directory.EnumerateFiles(folder))
            if (SegmentFormat.IsSegmentFileName(Path.GetFileName(path)) && !known.Contains(Path.GetFileName(path))) io.Delete(path);
    }

    public void Upsert(IReadOnlyList<PreparedFile> files)
    {
        if (files.Count == 0) return;
        var state = _catalogue.ReadState();
        using var append = new SegmentAppend(folder, format, io, maxSegmentRows, AppendTo(), state.NextSegment);
        var records = new List<FileRecord>(files.Count);
        foreach (var file in files) records.Add(new FileRecord(file.File, append.Write(file.Rows), file.Windows));
        append.Flush();

        using var transaction = _catalogue.BeginWrite();
        var change = new CatalogueChange(_catalogue, state with { NextSegment = append.NextSegment });
        foreach (var segment in append.Changed) change.Put(segment);
        for (int i = 0; i < records.Count; i++)
        {
            if (_catalogue.FindByPath(records[i].File.FullPath) is { } former) change.Remove(former);
            change.Add(records[i], files[i].Details);
        }
        Commit(transaction, change.Finish());
    }

    SegmentRecord? AppendTo() => _catalogue.ReadLastSegment() is { } last && !Damaged.Contains(last.Id) ? last : null;

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
        Commit(transaction, change.Finish());
        return found;
    }

    /// <summary>Gives files other details and leaves all else.</summary>
    /// <returns>Number of the files that are in the index.</returns>
    public int Describe(IReadOnlyList<(string FullPath, SoundDetails Details)> files)
    {
        using var transaction = _catalogue.BeginWrite();
        var change = new CatalogueChange(_catalogue, _catalogue.ReadState());
        int found = 0;
        foreach (var (path, details) in files)
        {
            if (_catalogue.FindByPath(path) is not { } file) continue;
            change.Replace(file, file, details);
            found++;
        }
        if (found > 0) Commit(transaction, change.Finish());
        return found;
    }

    /// <summary>Replaces the scores that a hit's is compared with.</summary>
    public void SetBackground(IndexBackground background)
    {
        using var transaction = _catalogue.BeginWrite();
        new DetailsTable(_catalogue).WriteBackground(background);
        Commit(transaction, new CatalogueChange(_catalogue, _catalogue.ReadState()).Finish());
    }

    /// <summary>Keeps vectors of texts.</summary>
    /// <param name="used">Keys of the texts that files have: those of others are dropped.</param>
    public void SetTexts(IReadOnlyList<(long Key, float[] Unit)> vectors, IReadOnlySet<long> used)
    {
        using var transaction = _catalogue.BeginWrite();
        var table = new TextTable(_catalogue);
        foreach (long key in table.Keys().Where(key => !used.Contains(key))) table.Delete(key);
        foreach (var (key, unit) in vectors) table.Write(key, unit);
        Commit(transaction, new CatalogueChange(_catalogue, _catalogue.ReadState()).Finish());
    }

    /// <summary>Replaces the scale of the vectors of texts.</summary>
    public void SetTextScale(TextScale scale)
    {
        using var transaction = _catalogue.BeginWrite();
        new TextTable(_catalogue).WriteScale(scale);
        Commit(transaction, new CatalogueChange(_catalogue, _catalogue.ReadState()).Finish());
    }

    /// <summary>Gives a file another path, size or time and keeps its windows.</summary>
    /// <param name="details">Its details as they are now; null: those it has.</param>
    public void Redescribe(string fullPath, IndexedFile file, SoundDetails? details)
    {
        using var transaction = _catalogue.BeginWrite();
        var former = _catalogue.FindByPath(fullPath) ?? throw new IndexException($"{folder}: {fullPath} is not in the index");
        if (former.File.ContentHash != file.ContentHash)
            throw new IndexException($"{folder}: {file.Path} has another content than {fullPath}; index it anew");
        var change = new CatalogueChange(_catalogue, _catalogue.ReadState());
        if (file.FullPath != fullPath && _catalogue.FindByPath(file.FullPath) is { } overwritten) change.Remove(overwritten);
        change.Replace(former, former with { File = file }, details);
        Commit(transaction, change.Finish());
    }

    /// <summary>Rewrites the live rows of segments into new ones, in the order they have now, and removes the old ones.</summary>
    /// <param name="only">Ids of the segments; null for all, unless none has deleted rows.</param>
    public void Compact(ReadSession current, IReadOnlySet<int>? only = null)
    {
        var old = _catalogue.ReadSegments();
        if (only is null && old.All(segment => segment.Deleted.Count() == 0)) return;
        if (only is not null) old.RemoveAll(segment => !only.Contains(segment.Id));

        var state = _catalogue.ReadState();
        using (var append = new SegmentAppend(folder, format, io, maxSegmentRows, last: null, state.NextSegment))
        {
            var moved = new List<(FileRecord Former, long FirstRow)>();
            foreach (var file in old.SelectMany(segment => current.Catalogue.ReadFiles(segment.Id, first: 0)))
            {
                byte[] rows = new byte[checked(file.Windows.Length * format.StrideBytes)];
                for (int i = 0; i < file.Windows.Length; i++) current.CheckedRow(file, i).CopyTo(rows, i * format.StrideBytes);
                moved.Add((file, append.Write(rows)));
            }
            if (moved.Sum(file => (long)file.Former.Windows.Length) is var live && live != old.Sum(segment => segment.LiveRowsFrom(0)))
                throw new IndexCorruptException(_catalogue.Path, $"the files listed have {live:N0} windows, more or fewer rows are in use; "
                    + Catalogue.WayOut);
            append.Flush();

            using var transaction = _catalogue.BeginWrite();
            foreach (var segment in old) _catalogue.DeleteSegment(segment.Id);
            foreach (var segment in append.Changed) _catalogue.WriteSegment(segment);
            var change = new CatalogueChange(_catalogue, state with { NextSegment = append.NextSegment });
            foreach (var (former, firstRow) in moved) change.Replace(former, former with { FirstRow = firstRow });
            Commit(transaction, change.Finish());
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

    /// <summary>
    /// Brings an index of an older schema up to date. The checksum of a row in use is what its file's record says, so that a damaged one
    /// stays damaged; that of a deleted one is what is there.
    /// </summary>
    public static void Upgrade(string folder, IIndexIo io)
    {
        using var catalogue = Catalogue.Open(folder, SqliteOpenMode.ReadWrite);
        if (!catalogue.HasSchema() || !catalogue.IsOld) return;
        using var transaction = catalogue.BeginWrite();
        var (settings, formerId) = catalogue.ReadSettings();
        var format = new SegmentFormat(settings.Dimension, settings.Element, Guid.Empty);
        bool hasReceipt = formerId != Guid.Empty;
        var id = hasReceipt ? formerId : Guid.NewGuid();
        var state = catalogue.ReadState();
        catalogue.Upgrade(settings, id, segment => RowsSum(catalogue, folder, format, segment));
        // Before the commit: version 1 does not look at it, the newer ones need it.
        if (!hasReceipt) io.Replace(Path.Combine(folder, CommitReceipt.FileName), new CommitReceipt(id, state.Generation,
            state.Files).Bytes);
        io.Commit(transaction);
    }

    static unsafe uint RowsSum(Catalogue catalogue, string folder, SegmentFormat format, SegmentRecord segment)
    {
        uint[] checksums = new uint[segment.Rows];
        foreach (var file in catalogue.ReadFiles(segment.Id, first: 0))
            for (int i = 0; i < file.Windows.Length && RowId.Row(file.FirstRow) + i < segment.Rows; i++)
                checksums[RowId.Row(file.FirstRow) + i] = file.Windows[i].RowChecksum;
        var source = SegmentFile.Open(folder, format, segment, tolerant: true);
        try
        {
            byte[] bytes = new byte[format.StrideBytes];
            fixed (byte* target = bytes)
                for (int row = 0; row < segment.Rows; row++)
                    if (segment.Deleted[row]) source.Read(row, target, checksums.AsSpan(row, 1));
        }
        catch (IndexCorruptException)
        {
            // Its deleted rows cannot be read, so the sum does not match; the rows in use are then compared one by one.
        }
        finally
        {
            source.Release();
        }
        return RowChecksums.Extend(0, checksums);
    }

    public void Checkpoint() => _catalogue.Checkpoint();
}
