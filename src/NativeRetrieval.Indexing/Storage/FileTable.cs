using NativeRetrieval.Indexing.Storage.Searching;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>All files of one commit with what filters look at, in the order of their rows; kept from one search to the next.</summary>
internal sealed class FileTable
{
    readonly long[] _firstRows;

    TextRows? _texts;

    FileTable(CatalogueState state, IReadOnlyList<FileEntry> files, IReadOnlyList<long> textKeys)
    {
        (State, Files, TextKeys) = (state, files, textKeys);
        _firstRows = [.. files.Select(file => file.FirstRow)];
        Words = new WordLists(PlaceOf);
    }

    public CatalogueState State { get; }

    public IReadOnlyList<FileEntry> Files { get; }

    /// <summary>The files by the words of their texts.</summary>
    public WordLists Words { get; }

    /// <summary>Keys of the texts of files, by place.</summary>
    public IReadOnlyList<long> TextKeys { get; }

    /// <summary>The vectors of the texts of files, read at first use.</summary>
    /// <param name="session">One that sees this commit.</param>
    public TextRows Texts(ReadSession session)
    {
        if (Volatile.Read(ref _texts) is { } known) return known;
        var loaded = TextRows.Load(new TextTable(session.Catalogue).ReadAll(), TextKeys);
        Volatile.Write(ref _texts, loaded);
        return loaded;
    }

    public static FileTable Load(ReadSession session)
    {
        var details = new DetailsTable(session.Catalogue).ReadAll();
        var files = new List<FileEntry>((int)Math.Min(session.State.Files, 1 << 20));
        var keys = new List<long>(files.Capacity);
        foreach (var file in session.CheckedFiles())
        {
            var known = details.GetValueOrDefault(file.FirstRow) ?? new SoundDetails { DurationSeconds = file.Windows[^1].EndSeconds };
            keys.Add(FileText.KeyOf(FileText.Of(file.File.FullPath, known)));
            // Filters do not look at the long texts.
            files.Add(new FileEntry(file.FirstRow, file.Windows.Length, file.File.FullPath,
                known with { Title = null, Description = null, Library = null, Other = null }));
        }
        return new FileTable(session.State, files, keys);
    }

    /// <summary>The place of the file with this first row; negative: there is none.</summary>
    public int PlaceOf(long firstRow) => Array.BinarySearch(_firstRows, firstRow);

    /// <summary>The file that a row belongs to; null: none.</summary>
    public FileEntry? FileOf(long row)
    {
        int place = Array.BinarySearch(_firstRows, row);
        if (place < 0) place = ~place - 1;
        return place >= 0 && row < Files[place].FirstRow + Files[place].Windows ? Files[place] : null;
    }

    /// <summary>All segments with every row excluded that belongs to none of the allowed files.</summary>
    public static List<SegmentRows> RowsOf(IReadOnlyList<SegmentRows> segments, IEnumerable<FileEntry> allowed)
    {
        var excluded = segments.ToDictionary(rows => rows.Id, rows => RowBitmap.Full(rows.Count));
        foreach (var file in allowed)
            if (excluded.TryGetValue(RowId.Segment(file.FirstRow), out var rows)) rows.Clear(RowId.Row(file.FirstRow), file.Windows);
        return [.. segments.Select(rows => rows with { Excluded = Either(excluded[rows.Id], rows.Excluded).Words })];
    }

    static RowBitmap Either(RowBitmap bitmap, ulong[] other)
    {
        for (int i = 0; i < Math.Min(other.Length, bitmap.Words.Length); i++) bitmap.Words[i] |= other[i];
        return bitmap;
    }
}

/// <summary>A file of a <see cref="FileTable"/>.</summary>
/// <param name="Windows">Number of its windows, which are consecutive rows.</param>
/// <param name="Details">Its details without the long texts.</param>
internal sealed record FileEntry(long FirstRow, int Windows, string FullPath, SoundDetails Details);
