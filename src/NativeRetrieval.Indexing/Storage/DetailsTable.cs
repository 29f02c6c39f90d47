using System.Text.Json;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// The catalogue's knowledge of files beside their vectors: a record of details with a checksum, and its words in a full-text index
/// (SQLite's FTS5, stemmed by Porter's rules for English, without accents, ranked by BM25).
/// </summary>
/// <remarks>
/// Words are found through the full-text index, which has no checksum of ours: a damage there that SQLite does not notice while reading can
/// hide a file from a search for words until <see cref="LocalAudioIndex.Verify"/>, or the next writer, compares it with the texts.
/// </remarks>
internal sealed class DetailsTable(Catalogue catalogue)
{
    /// <summary>The full-text index.</summary>
    public const string WordsSchema = """
        CREATE VIRTUAL TABLE words USING fts5(name, folder, title, description, tags, other,
            tokenize = 'porter unicode61 remove_diacritics 2');
        """;

    public const string Schema = $"""
        CREATE TABLE details (first_row INTEGER PRIMARY KEY, record BLOB NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE background (one INTEGER PRIMARY KEY CHECK (one = 1), files INTEGER NOT NULL, scores BLOB NOT NULL,
            checksum INTEGER NOT NULL);
        {WordsSchema}
        """;

    /// <summary>Weights of the columns of words in BM25.</summary>
    public static IReadOnlyList<int> Weights { get; } = [4, 2, 4, 2, 3, 1];

    /// <summary>Folders above the file whose names are searched: the nearest tell most, and those of the disk nothing.</summary>
    const int NearestFolders = 4;

    public void Insert(FileRecord file, SoundDetails details)
    {
        byte[] record = JsonSerializer.SerializeToUtf8Bytes(details, DetailsJson.Default.SoundDetails);
        catalogue.Execute("INSERT INTO details VALUES ($row, $record, $checksum)",
            ("$row", file.FirstRow), ("$record", record), ("$checksum", Checksum(file.FirstRow, record)));
        string[] columns = Columns(file.File.FullPath, details);
        catalogue.Execute("INSERT INTO words (rowid, name, folder, title, description, tags, other) VALUES ($row, $0, $1, $2, $3, $4, $5)",
            [("$row", file.FirstRow), .. columns.Select((text, i) => ($"${i}", (object)text))]);
    }

    public void Delete(long firstRow)
    {
        catalogue.Execute("DELETE FROM details WHERE first_row = $row", ("$row", firstRow));
        catalogue.Execute("DELETE FROM words WHERE rowid = $row", ("$row", firstRow));
    }

    /// <summary>The details of the file with this first row; null where it has none, as in an index of an older version.</summary>
    public SoundDetails? Read(long firstRow) => !catalogue.HasDetails ? null
        : catalogue.One("SELECT first_row, record, checksum FROM details WHERE first_row = $row", [("$row", firstRow)],
            row => Decoded(row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)));

    /// <summary>All details by first row.</summary>
    public Dictionary<long, SoundDetails> ReadAll() => !catalogue.HasDetails ? []
        : catalogue.Many("SELECT first_row, record, checksum FROM details", [], row => (Row: row.GetInt64(0),
            Details: Decoded(row.GetInt64(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)))).ToDictionary(item => item.Row, item =>
                item.Details);

    SoundDetails Decoded(long firstRow, byte[] record, long checksum)
    {
        if (checksum != Checksum(firstRow, record)) throw catalogue.Corrupt($"the details of row {firstRow:X} do not match their checksum");
        try
        {
            return JsonSerializer.Deserialize(record, DetailsJson.Default.SoundDetails)
                ?? throw catalogue.Corrupt($"the details of row {firstRow:X} are empty");
        }
        catch (JsonException e)
        {
            throw catalogue.Corrupt($"the details of row {firstRow:X} have another form: {e.Message}");
        }
    }

    /// <summary>The files whose text has a term, by their first rows in ascending order, each with its BM25, which is above 0.</summary>
    public IEnumerable<(long FirstRow, double Score)> Scores(string term) => !catalogue.HasDetails ? []
        : catalogue.Many($"SELECT rowid, bm25(words, {string.Join(", ", Weights)}) FROM words WHERE words MATCH $match ORDER BY rowid",
            [("$match", QueryWords.Quoted(term))], row => (row.GetInt64(0), -row.GetDouble(1)));

    public void WriteBackground(IndexBackground background)
    {
        byte[] scores = background.Encode();
        catalogue.Execute("INSERT OR REPLACE INTO background VALUES (1, $files, $scores, $checksum)", ("$files", background.Files),
            ("$scores", scores), ("$checksum", Checksum(background.Files, scores)));
    }

    public IndexBackground? ReadBackground() => !catalogue.HasDetails ? null
        : catalogue.One("SELECT files, scores, checksum FROM background", [], row =>
        {
            byte[] scores = row.GetFieldValue<byte[]>(1);
            return row.GetInt64(2) == Checksum(row.GetInt64(0), scores) ? IndexBackground.Decode(row.GetInt64(0), scores)
                : throw catalogue.Corrupt("the background of scores does not match its checksum");
        });

    /// <summary>Compares the texts that are searched with the details that they are made from.</summary>
    public IEnumerable<string> Problems(IReadOnlyDictionary<long, string> pathOfRow)
    {
        if (!catalogue.HasDetails) yield break;
        var details = ReadAll();
        var unknown = details.Keys.Where(row => !pathOfRow.ContainsKey(row)).ToList();
        if (unknown.Count > 0) yield return $"{unknown.Count:N0} details belong to no file";
        int texts = 0;
        foreach (var (row, columns) in catalogue.Many("SELECT rowid, name, folder, title, description, tags, other FROM words", [],
            row => (row.GetInt64(0), Enumerable.Range(1, 6).Select(row.GetString).ToArray())))
        {
            texts++;
            if (!pathOfRow.TryGetValue(row, out string? path) || !details.TryGetValue(row, out var known)
                || !Columns(path, known).SequenceEqual(columns))
                yield return $"the words of row {row:X} are not those of its file";
        }
        if (texts != details.Count) yield return $"{texts:N0} files have words, {details.Count:N0} have details";
    }

    /// <summary>Texts of a file in the columns of words.</summary>
    public static string[] Columns(string fullPath, SoundDetails details)
    {
        string[] folders = (Path.GetDirectoryName(fullPath) ?? "").Split(['/', '\\'], StringSplitOptions.RemoveEmptyEntries);
        return
        [
            WordSplitter.Split(Path.GetFileNameWithoutExtension(fullPath)),
            string.Join(" ", folders.TakeLast(NearestFolders).Select(WordSplitter.Split)),
            WordSplitter.Split(details.Title ?? ""),
            details.Description ?? "",
            string.Join(" ", details.Tags.Append(details.Category).Append(WordSplitter.Split(details.CatId ?? ""))),
            string.Join(" ", details.Library, details.Other),
        ];
    }

    static long Checksum(long key, byte[] record) => new RecordChecksum().Add(key).Add(record).Value;
}
