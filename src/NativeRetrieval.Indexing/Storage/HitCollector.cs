using NativeRetrieval.Core.Search;

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
        Blocks = options.PathFilter is { } filter ? Filtered(new PathGlob(filter)) : session.Rows.Blocks;
        SearchableRows = Blocks.Sum(block => block.Count - new RowBitmap(block.Excluded).Count());
    }

    public IReadOnlyList<RowBlock> Blocks { get; }

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
        var (start, end, checksum) = file.Windows[row - file.FirstRow];
        _session.CheckedRow(row, checksum);
        return new SearchHit(rank, file.File.FullPath, start, end, score, row);
    }

    List<RowBlock> Filtered(PathGlob glob)
    {
        var excluded = _session.Rows.Blocks.ToDictionary(block => RowId.Segment(block.FirstId), block => RowBitmap.Full(block.Count));
        foreach (var file in _session.Catalogue.ReadFiles())
            if (glob.Matches(file.File.FullPath) && excluded.TryGetValue(RowId.Segment(file.FirstRow), out var rows))
                rows.Clear(RowId.Row(file.FirstRow), file.Windows.Length);
        return [.. _session.Rows.Blocks.Select(block => block with { Excluded = excluded[RowId.Segment(block.FirstId)].Words })];
    }
}
