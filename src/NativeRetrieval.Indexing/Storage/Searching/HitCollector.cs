using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>The rows that one search may find, and the files they belong to.</summary>
internal sealed class HitCollector
{
    readonly ReadSession _session;
    readonly float _minScore;
    readonly FileTable? _table;
    readonly Dictionary<long, FileRecord> _fileOfRow = [];

    public HitCollector(ReadSession session, AudioSearchOptions options)
    {
        (_session, _minScore) = (session, options.MinScore);
        Segments = options.PathFilter is { } filter ? Filtered(new PathGlob(filter)) : session.Rows.Segments;
        SearchableRows = Searchable();
    }

    /// <param name="table">The files of the session.</param>
    /// <param name="segments">All segments of the session with the rows that must not be found.</param>
    public HitCollector(ReadSession session, FileTable table, IReadOnlyList<SegmentRows> segments, float minScore)
    {
        (_session, _table, _minScore, Segments) = (session, table, minScore, segments);
        SearchableRows = Searchable();
    }

    public IReadOnlyList<SegmentRows> Segments { get; }

    public long SearchableRows { get; }

    public Ranking NewRanking(int wanted) => new(this, wanted, _minScore);

    long Searchable() => Segments.Sum(rows => rows.Count - new RowBitmap(rows.Excluded).Count());

    /// <summary>First row and number of rows of the file that a row belongs to.</summary>
    public (long FirstRow, int Windows) PlaceOf(long row)
    {
        if (_table?.FileOf(row) is { } entry) return (entry.FirstRow, entry.Windows);
        var file = FileOf(row);
        return (file.FirstRow, file.Windows.Length);
    }

    public FileRecord FileOf(long row)
    {
        if (_fileOfRow.TryGetValue(row, out var file)) return file;
        file = _session.Catalogue.FindByRow(row);
        for (int i = 0; i < file.Windows.Length; i++) _fileOfRow[file.FirstRow + i] = file;
        return file;
    }

    /// <summary>A hit, after comparing the row with its checksum.</summary>
    public SearchHit Hit(int rank, float score, long row)
    {
        var file = FileOf(row);
        int window = (int)(row - file.FirstRow);
        var (start, end, _) = file.Windows[window];
        _session.CheckedRow(file, window);
        return new SearchHit(rank, file.File.FullPath, start, end, score, row);
    }

    List<SegmentRows> Filtered(PathGlob glob)
    {
        var excluded = _session.Rows.Segments.ToDictionary(rows => rows.Id, rows => RowBitmap.Full(rows.Count));
        foreach (var file in _session.CheckedFiles())
            if (glob.Matches(file.File.FullPath) && excluded.TryGetValue(RowId.Segment(file.FirstRow), out var rows))
                rows.Clear(RowId.Row(file.FirstRow), file.Windows.Length);
        return [.. _session.Rows.Segments.Select(rows => rows with { Excluded = excluded[rows.Id].Words })];
    }
}
