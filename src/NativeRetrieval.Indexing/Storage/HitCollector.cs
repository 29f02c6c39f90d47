namespace NativeRetrieval.Indexing.Storage;

/// <summary>The rows that one search may find, and the files they belong to.</summary>
internal sealed class HitCollector
{
    readonly ReadSession _session;
    readonly AudioSearchOptions _options;
    readonly Dictionary<long, FileRecord> _fileOfRow = [];

    public HitCollector(ReadSession session, AudioSearchOptions options)
    {
        (_session, _options) = (session, options);
        Segments = options.PathFilter is { } filter ? Filtered(new PathGlob(filter)) : session.Rows.Segments;
        SearchableRows = Segments.Sum(rows => rows.Count - new RowBitmap(rows.Excluded).Count());
    }

    public IReadOnlyList<SegmentRows> Segments { get; }

    public long SearchableRows { get; }

    public Ranking NewRanking(int wanted) => new(this, wanted, _options.MinScore);

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
