using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing.Storage;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing;

public sealed partial class LocalAudioIndex
{
    /// <summary>
    /// Identifier that the index got when it was made, or brought to a newer format; another index in its place has another.
    /// </summary>
    public Guid Id => _format.IndexId;

    /// <summary>Number of commits so far, by any process: where it is the same, so is the content.</summary>
    public long Commits => Read(session => session.State.Generation);

    /// <summary>True where the folder has no index any more, or another: this one still answers from what it has open.</summary>
    public bool IsReplaced
    {
        get
        {
            try
            {
                return Identity(_folder) != _identity;
            }
            catch (IOException)
            {
                return true;
            }
        }
    }

    static FileIdentity Identity(string folder) => FileIdentity.Of(System.IO.Path.Combine(folder, Catalogue.FileName));

    /// <summary>Counts and size of the index at this moment.</summary>
    public IndexStats Stats() => Read(session =>
    {
        long rows = session.Rows.Segments.Sum(segment => (long)segment.Count);
        long size = new DirectoryInfo(_folder).EnumerateFiles().Sum(file => file.Length);
        return new IndexStats(session.State.Files, session.State.LiveRows, rows - session.State.LiveRows,
            session.Rows.Segments.Count, size);
    });

    /// <summary>
    /// Rewrites the live vectors and frees the space of deleted ones; needs as much free space as they take. Changes row ids.
    /// </summary>
    public Task CompactAsync(CancellationToken cancellationToken = default) =>
        WriteAsync(writer =>
        {
            using (var session = _sessions.Begin()) writer.Compact(session);
            writer.Checkpoint();
            return true;
        }, cancellationToken);

    /// <summary>Reads everything and compares it with its checksums. Finds problems; repairs nothing.</summary>
    public IndexVerification Verify() => Read(session =>
    {
        var problems = new List<string>();
        if (session.Catalogue.IntegrityProblem() is { } damage) problems.Add($"{session.Catalogue.Path}: {damage}");

        var deleted = session.Rows.Segments.ToDictionary(segment => segment.Id, segment => RowBitmap.Full(segment.Count));
        long files = 0, windows = 0;
        var pathOfRow = new Dictionary<long, string>();
        try
        {
            foreach (var file in session.Catalogue.ReadFiles())
            {
                files++;
                pathOfRow[file.FirstRow] = file.File.FullPath;
                for (int i = 0; i < file.Windows.Length; i++)
                {
                    windows++;
                    try
                    {
                        session.CheckedRow(file, i);
                    }
                    catch (IndexCorruptException e)
                    {
                        problems.Add(e.Message);
                    }
                }
                if (deleted.TryGetValue(RowId.Segment(file.FirstRow), out var rows))
                    rows.Clear(RowId.Row(file.FirstRow), file.Windows.Length);
            }
            var details = new DetailsTable(session.Catalogue);
            problems.AddRange(details.Problems(pathOfRow).Select(problem => $"{session.Catalogue.Path}: {problem}"));
            details.ReadBackground();
            var texts = new TextTable(session.Catalogue);
            foreach (var _ in texts.ReadAll())
            {
            }
            texts.ReadScale();
        }
        catch (IndexCorruptException e)
        {
            problems.Add(e.Message);
        }

        if (files != session.State.Files)
            problems.Add($"{session.Catalogue.Path}: {files:N0} files are listed, {session.State.Files:N0} were committed");
        foreach (var segment in session.Rows.Segments)
            if (!deleted[segment.Id].Stored().AsSpan().SequenceEqual(segment.Record.Deleted.Stored()))
                problems.Add($"{SegmentFormat.FileName(segment.Id)}: the rows marked deleted are not those that no "
                    + "file uses");
        return new IndexVerification(files, windows, problems);
    });
}
