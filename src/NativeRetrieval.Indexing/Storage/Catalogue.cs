using System.Globalization;
using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>One connection to the SQLite file that holds everything but the vectors. Not for several threads at a time.</summary>
internal sealed class Catalogue : IDisposable
{
    public const string FileName = "catalogue.db";
    public const int SchemaVersion = 4, ApplicationId = 0x4E525831;
    const string LogSuffix = "-wal";

    const string Schema = $"""
        CREATE TABLE settings (one INTEGER PRIMARY KEY CHECK (one = 1), model_id TEXT NOT NULL, model_fingerprint TEXT NOT NULL,
            dimension INTEGER NOT NULL, element TEXT NOT NULL, metric TEXT NOT NULL, window_seconds REAL NOT NULL,
            hop_seconds REAL NOT NULL, checksum INTEGER NOT NULL, index_id BLOB NOT NULL);
        CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL, next_segment INTEGER NOT NULL,
            files INTEGER NOT NULL, live_rows INTEGER NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE segments (id INTEGER PRIMARY KEY, row_count INTEGER NOT NULL, deleted BLOB NOT NULL, checksum INTEGER NOT NULL,
            version INTEGER NOT NULL, rows_sum INTEGER NOT NULL);
        CREATE TABLE files (first_row INTEGER PRIMARY KEY, path TEXT NOT NULL, full_path TEXT NOT NULL UNIQUE, content_hash TEXT NOT NULL,
            size_bytes INTEGER NOT NULL, modified_ticks INTEGER NOT NULL, windows BLOB NOT NULL, checksum INTEGER NOT NULL);
        {DetailsTable.Schema}
        {TextTable.Schema}
        """;

    /// <summary>Added to what is said of a damaged catalogue: nothing else holds what it holds.</summary>
    public const string WayOut = "a catalogue cannot be repaired: remove this index's folder, or move it away, and index the sounds again";

    readonly SqliteConnection _connection;
    int _version;

    Catalogue(SqliteConnection connection, string path, bool isFrozen) => (_connection, Path, IsFrozen) = (connection, path, isFrozen);

    public string Path { get; }

    /// <summary>
    /// Opened as a file that nobody changes, because SQLite may not make its files beside it. A commit that another process makes
    /// meanwhile is not seen, so the connection serves one session only.
    /// </summary>
    public bool IsFrozen { get; }

    /// <param name="asFrozen">True to open it as if there were no write access to its folder; for tests.</param>
    public static Catalogue Open(string folder, SqliteOpenMode mode, bool asFrozen = false)
    {
        string path = System.IO.Path.Combine(folder, FileName);
        if (asFrozen) return OpenFrozen(folder, path, cause: null);
        if (mode != SqliteOpenMode.ReadOnly) return Open(path, path, mode, isFrozen: false);
        try
        {
            return Open(path, path, mode, isFrozen: false);
        }
        catch (SqliteException e) when (CatalogueErrors.LacksWriteAccess(e) && System.IO.File.Exists(path))
        {
            return OpenFrozen(folder, path, e);
        }
    }

    /// <summary>
    /// A reader of a log in use makes files of its own beside it. Where it may not and no log is there, the main file is complete.
    /// </summary>
    static Catalogue OpenFrozen(string folder, string path, SqliteException? cause)
    {
        if (HasLog(path))
            throw new IndexException(
                $"{folder}: its last changes are still in {FileName}{LogSuffix}, "
                + "and reading them takes write access to the folder once (the writer was killed, or the folder was copied meanwhile): "
                + "run `nativeretrieval index stats` on it with write access, or copy it to where you have it", cause);
        string escaped = Uri.EscapeDataString(System.IO.Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal);
        return Open(path, $"file:{escaped}?immutable=1", SqliteOpenMode.ReadOnly, isFrozen: true);
    }

    static bool HasLog(string path) => new FileInfo(path + LogSuffix) is { Exists: true, Length: > 0 };

    /// <summary>
    /// True if a frozen connection has read nothing of a commit after <paramref name="state"/>: no log is there, which a writer keeps
    /// until all of it is in the main file, and the main file still has this state.
    /// </summary>
    public bool IsStill(CatalogueState state)
    {
        if (HasLog(Path)) return false;
        try
        {
            using var now = OpenFrozen(System.IO.Path.GetDirectoryName(Path)!, Path, cause: null);
            return now.ReadState() == state;
        }
        catch (Exception e) when (e is IndexException or IndexCorruptException or SqliteException)
        {
            return false;
        }
    }

    static Catalogue Open(string path, string source, SqliteOpenMode mode, bool isFrozen)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = source,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
        var catalogue = new Catalogue(connection, path, isFrozen);
        try
        {
            connection.Open();
            catalogue.Execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
            if (mode == SqliteOpenMode.ReadOnly)
            {
                // The first read is where SQLite looks for its log.
                catalogue.ReadVersion();
                return catalogue;
            }
            catalogue.Execute("PRAGMA journal_mode = WAL");
            catalogue.Execute("PRAGMA synchronous = FULL");
            catalogue.ReadVersion();
            return catalogue;
        }
        catch
        {
            catalogue.Dispose();
            throw;
        }
    }

    public void Dispose() => _connection.Dispose();

    /// <summary>Begins a transaction whose reads see one state, whatever is committed meanwhile.</summary>
    public SqliteTransaction BeginRead() => _connection.BeginTransaction(deferred: true);

    public SqliteTransaction BeginWrite() => _connection.BeginTransaction(deferred: false);

    /// <summary>
    /// True if the tables exist; not so where the creation was interrupted before its one transaction and left an empty file.
    /// </summary>
    public bool HasSchema() => Scalar("SELECT COUNT(*) FROM sqlite_schema") != 0;

    void ReadVersion() => _version = (int)Scalar("PRAGMA user_version");

    public void CreateSchema(IndexSettings settings)
    {
        Execute(Schema);
        var id = Guid.NewGuid();
        Execute("INSERT INTO settings VALUES (1, $model, $fingerprint, $dimension, $element, 'cosine', $window, $hop, $checksum, $id)",
            ("$model", settings.ModelId), ("$fingerprint", settings.ModelFingerprint), ("$dimension", settings.Dimension),
            ("$element", settings.Element.ToString()), ("$window", settings.WindowSeconds), ("$hop", settings.HopSeconds),
            ("$checksum", Checksum(settings, SchemaVersion, id)), ("$id", id.ToByteArray()));
        var empty = new CatalogueState(Generation: 0, NextSegment: 1, Files: 0, LiveRows: 0);
        Execute("INSERT INTO state VALUES (1, 0, 1, 0, 0, $checksum)", ("$checksum", empty.Checksum));
        Execute(string.Create(CultureInfo.InvariantCulture,
            $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {SchemaVersion}"));
        _version = SchemaVersion;
    }

    /// <summary>True if an older version wrote it; it can be read as it is, and is brought up to date before it is changed.</summary>
    public bool IsOld => _version < SchemaVersion;

    /// <summary>True where it has tables for what is known of the files beside their vectors.</summary>
    public bool HasDetails => _version >= 3;

    /// <summary>True where it has tables for the vectors of the files' texts.</summary>
    public bool HasTexts => _version >= 4;

    /// <summary>Brings schema version 1, 2 or 3 to 4, within the caller's transaction.</summary>
    /// <param name="id">The index's id, which version 1 does not have.</param>
    /// <param name="sumOf">The number that stands for all rows of a segment, which version 1 does not have.</param>
    public void Upgrade(IndexSettings settings, Guid id, Func<SegmentRecord, uint> sumOf)
    {
        var segments = ReadSegments();
        if (_version == 1)
            Execute("ALTER TABLE settings ADD COLUMN index_id BLOB NOT NULL DEFAULT x''; "
                + "ALTER TABLE segments ADD COLUMN version INTEGER NOT NULL DEFAULT 1; "
                + "ALTER TABLE segments ADD COLUMN rows_sum INTEGER NOT NULL DEFAULT 0");
        Execute("UPDATE settings SET index_id = $id, checksum = $checksum", ("$id", id.ToByteArray()),
            ("$checksum", Checksum(settings, SchemaVersion, id)));
        if (_version == 1)
            foreach (var segment in segments) WriteSegment(segment with { RowsSum = sumOf(segment) });
        if (_version < 3) Execute(DetailsTable.Schema);
        Execute(TextTable.Schema);
        Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {SchemaVersion}"));
        _version = SchemaVersion;
    }

    /// <returns>The settings and the index's id, which is empty in schema version 1.</returns>
    /// <exception cref="IndexException">A newer version wrote it.</exception>
    /// <exception cref="IndexCorruptException">It is something else, or damaged.</exception>
    public (IndexSettings Settings, Guid IndexId) ReadSettings()
    {
        if (Scalar("PRAGMA application_id") != ApplicationId) throw Corrupt("this SQLite file is not the catalogue of an index");
        ReadVersion();
        if (_version < 1) throw Corrupt($"schema version {_version}");
        try
        {
            return ReadSettings(Math.Min(_version, SchemaVersion)) is { } read && _version <= SchemaVersion
                ? read
                : throw Corrupt($"schema version {_version} does not match the settings");
        }
        catch (Exception e) when (e is IndexCorruptException or SqliteException && _version > SchemaVersion && !IsOneOfMine())
        {
            throw new IndexException($"{Path}: the index has schema version {_version}, this program reads up to {SchemaVersion}; use a "
                + "newer NativeRetrieval", e);
        }
    }

    /// <summary>True where the settings are those of a version that this program knows: the version is damaged then, not newer.</summary>
    bool IsOneOfMine()
    {
        for (int version = 1; version <= SchemaVersion; version++)
        {
            try
            {
                ReadSettings(version);
                return true;
            }
            catch (Exception e) when (e is IndexCorruptException or SqliteException)
            {
            }
        }
        return false;
    }

    (IndexSettings Settings, Guid IndexId)? ReadSettings(int version)
    {
        string columns = "model_id, model_fingerprint, dimension, element, window_seconds, hop_seconds, metric, checksum, "
            + (version == 1 ? "zeroblob(16)" : "index_id");
        return Many($"SELECT {columns} FROM settings", [], row =>
        {
            var settings = new IndexSettings
            {
                ModelId = row.GetString(0),
                ModelFingerprint = row.GetString(1),
                Dimension = row.GetInt32(2),
                Element = row.GetString(3) switch
                {
                    nameof(DType.Float32) => DType.Float32,
                    nameof(DType.BFloat16) => DType.BFloat16,
                    var other => throw Corrupt($"vectors are stored as {other}"),
                },
                WindowSeconds = row.GetDouble(4),
                HopSeconds = row.GetDouble(5),
            };
            var id = new Guid(row.GetFieldValue<byte[]>(8));
            if (row.GetString(6) != "cosine" || row.GetInt64(7) != Checksum(settings, version, id))
                throw Corrupt("the settings do not match their checksum");
            return ((IndexSettings, Guid)?)(settings, id);
        }).FirstOrDefault() ?? throw Corrupt("the settings are missing");
    }

    internal static long Checksum(IndexSettings s, int version, Guid id)
    {
        var sum = new RecordChecksum().Add(s.ModelId).Add(s.ModelFingerprint).Add(s.Dimension).Add(s.Element.ToString())
            .Add(s.WindowSeconds).Add(s.HopSeconds);
        return (version == 1 ? sum : sum.Add(version).Add(id.ToByteArray())).Value;
    }

    public CatalogueState ReadState() =>
        One("SELECT generation, next_segment, files, live_rows, checksum FROM state", [], row =>
        {
            var state = new CatalogueState(row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), row.GetInt64(3));
            return row.GetInt64(4) == state.Checksum ? state : throw Corrupt("the state record does not match its checksum");
        }) ?? throw Corrupt("the state record is missing");

    public void WriteState(CatalogueState state) =>
        Execute("UPDATE state SET generation = $generation, next_segment = $next, files = $files, live_rows = $rows, checksum = $checksum",
            ("$generation", state.Generation), ("$next", state.NextSegment), ("$files", state.Files), ("$rows", state.LiveRows),
            ("$checksum", state.Checksum));

    string SegmentColumns =>
        $"SELECT id, row_count, deleted, checksum, {(_version == 1 ? "1, NULL" : "version, rows_sum")} FROM segments";

    public List<SegmentRecord> ReadSegments() => Many($"{SegmentColumns} ORDER BY id", [], Segment).ToList();

    public SegmentRecord? ReadLastSegment() => One($"{SegmentColumns} ORDER BY id DESC LIMIT 1", [], Segment);

    public SegmentRecord ReadSegment(int id) =>
        One($"{SegmentColumns} WHERE id = $id", [("$id", id)], Segment) ?? throw Corrupt($"segment {id} has rows in use but no record");

    SegmentRecord Segment(SqliteDataReader row)
    {
        var segment = new SegmentRecord(row.GetInt32(0), row.GetInt32(1), new RowBitmap(row.GetFieldValue<byte[]>(2)), row.GetInt32(4),
            row.IsDBNull(5) ? null : checked((uint)row.GetInt64(5)));
        if (row.GetInt64(3) != segment.Checksum || segment.Rows < 1 || segment.Deleted.HighestSet() >= segment.Rows)
            throw Corrupt($"the record of segment {segment.Id} does not match its checksum");
        return segment;
    }

    public void WriteSegment(SegmentRecord segment) =>
        Execute("INSERT OR REPLACE INTO segments VALUES ($id, $rows, $deleted, $checksum, $version, $sum)",
            ("$id", segment.Id), ("$rows", segment.Rows), ("$deleted", segment.Deleted.Stored()), ("$checksum", segment.Checksum),
            ("$version", segment.Version), ("$sum", (long)segment.RowsSum!.Value));

    public void DeleteSegment(int id) => Execute("DELETE FROM segments WHERE id = $id", ("$id", id));

    const string FileColumns = "SELECT first_row, path, full_path, content_hash, size_bytes, modified_ticks, windows, checksum FROM files";

    /// <summary>All files in the order of their rows.</summary>
    public IEnumerable<FileRecord> ReadFiles() => Many($"{FileColumns} ORDER BY first_row", [], FileOf);

    /// <summary>The files whose first row is one of a segment's, from row <paramref name="first"/> on.</summary>
    public IEnumerable<FileRecord> ReadFiles(int segment, int first) => Many(
        $"{FileColumns} WHERE first_row >= $first AND first_row < $end ORDER BY first_row",
        [("$first", RowId.Of(segment, first)), ("$end", RowId.Of(segment + 1, 0))], FileOf);

    public FileRecord? FindByPath(string fullPath) => One($"{FileColumns} WHERE full_path = $path", [("$path", fullPath)], FileOf);

    /// <summary>The file that a live row belongs to.</summary>
    public FileRecord FindByRow(long row)
    {
        var file = One($"{FileColumns} WHERE first_row <= $row ORDER BY first_row DESC LIMIT 1", [("$row", row)], FileOf);
        return file is not null && file.Holds(row) ? file : throw Corrupt($"row {row:X} is in use but belongs to no file");
    }

    FileRecord FileOf(SqliteDataReader row)
    {
        if (!WindowRecord.TryDecode(row.GetFieldValue<byte[]>(6), out var windows))
            throw Corrupt("a file record has a damaged list of windows");
        long ticks = row.GetInt64(5);
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks) throw Corrupt("a file record has an impossible time");
        var file = new FileRecord(
            new IndexedFile
            {
                Path = row.GetString(1),
                FullPath = row.GetString(2),
                ContentHash = row.GetString(3),
                SizeBytes = row.GetInt64(4),
                ModifiedUtc = new DateTime(ticks, DateTimeKind.Utc),
            },
            row.GetInt64(0), windows);
        return row.GetInt64(7) == file.Checksum ? file : throw Corrupt($"the record of row {file.FirstRow:X} does not match its checksum");
    }

    public void InsertFile(FileRecord file) =>
        Execute("INSERT INTO files VALUES ($row, $path, $full, $hash, $size, $ticks, $windows, $checksum)",
            ("$row", file.FirstRow), ("$path", file.File.Path), ("$full", file.File.FullPath), ("$hash", file.File.ContentHash),
            ("$size", file.File.SizeBytes), ("$ticks", file.File.ModifiedUtc.Ticks), ("$windows", WindowRecord.Encode(file.Windows)),
            ("$checksum", file.Checksum));

    public void DeleteFile(FileRecord file)
    {
        if (Execute("DELETE FROM files WHERE first_row = $row", ("$row", file.FirstRow)) != 1)
            throw Corrupt($"the record of row {file.FirstRow:X} cannot be removed");
    }

    /// <summary>SQLite's own check of pages, order and indices; the first complaint, or null.</summary>
    public string? IntegrityProblem()
    {
        // FTS5 checks what it remembers of its index, which another connection may have changed since; a look at the table renews that.
        if (HasDetails) Scalar("SELECT COUNT(*) FROM (SELECT rowid FROM words LIMIT 1)");
        return One("PRAGMA integrity_check(1)", [], row => row.GetString(0)) is { } result && result != "ok" ? result : null;
    }

    /// <summary>Moves what is in the write-ahead log into the main file, as far as readers allow.</summary>
    public void Checkpoint() => Execute("PRAGMA wal_checkpoint(TRUNCATE)");

    internal int Execute(string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    long Scalar(string sql)
    {
        using var command = Command(sql, []);
        return command.ExecuteScalar() is long value ? value : throw Corrupt($"no number for: {sql}");
    }

    internal T? One<T>(string sql, (string, object)[] parameters, Func<SqliteDataReader, T> read) where T : class =>
        Many(sql, parameters, read).FirstOrDefault();

    internal IEnumerable<T> Many<T>(string sql, (string, object)[] parameters, Func<SqliteDataReader, T> read)
    {
        using var command = Command(sql, parameters);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            T item;
            try
            {
                item = read(row);
            }
            catch (Exception e) when (e is InvalidCastException or InvalidOperationException or OverflowException or ArgumentException)
            {
                throw new IndexCorruptException(Path, $"a record holds another type than its column promises; {WayOut}", e);
            }
            yield return item;
        }
    }

    SqliteCommand Command(string sql, (string Name, object Value)[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }

    internal IndexCorruptException Corrupt(string problem) => new(Path, $"{problem}; {WayOut}");
}
