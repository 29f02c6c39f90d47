using System.Globalization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;

namespace NativeRetrieval.ClickHouse;

/// <summary>Reads of one commit, and one change where it is a writer's.</summary>
internal sealed partial class ClickHouseSession : IServerWriter
{
    readonly ClickHouseServer _server;
    readonly IndexSettings _settings;
    readonly string _product;
    readonly ClickHouseCommit _seen;

    /// <param name="product">Function that multiplies vectors.</param>
    /// <param name="seen">The commit that is read.</param>
    public ClickHouseSession(ClickHouseServer server, IndexSettings settings, string product, ClickHouseCommit seen) =>
        (_server, _settings, _product, _seen, State) = (server, settings, product, seen, seen.State);

    public ServerState State { get; private init; }

    /// <summary>
    /// The cosine differs from the product where bfloat16 has moved a row's length from 1, by at most 2⁻⁸; its own sums are float32.
    /// </summary>
    public double ScoreError => _product != "cosineDistance" ? 0
        : 6 * (_settings.Dimension + 16) * Math.Pow(2, -24) + (_settings.Element == DType.BFloat16 ? Math.Pow(2, -8) : 0);

    /// <summary>The same for texts, which are in bfloat16 and have no more values than the 2¹⁵ that stand here.</summary>
    public double TextScoreError => _product != "cosineDistance" ? 0 : 6 * Math.Pow(2, 15 - 24) + Math.Pow(2, -8);

    ClickHouseTables Tables => _server.Tables;

    static ClickHouseDialect Sql => ClickHouseDialect.Shared;

    /// <summary>Rows of changes that have happened, up to the commit that is read.</summary>
    /// <param name="column">Number of the change that a row came by.</param>
    string HasHappened(string column) => $"{column} <= {Sql.Integer(_seen.State.Commits)}" + (_seen.Aborted.Count == 0 ? ""
        : $" AND {Sql.NotIn(column, _seen.Aborted)}");

    /// <summary>Conditions on the table of files: the newest record of each that is not gone, and those of a selection.</summary>
    string Live(Selection selection) => $"(first_row, version) IN (SELECT first_row, max(version) FROM {Tables.Local("files")} "
        + $"WHERE {HasHappened("version")} GROUP BY first_row) AND gone = 0"
        + string.Concat(FilterSql.Of(selection, Sql).Select(one => $" AND {one}"));

    public Task<IReadOnlyList<Candidate>> NearestAsync(float[] unit, Selection selection, int limit, CancellationToken cancellation)
    {
        string least = double.IsNegativeInfinity(selection.LeastScore) ? "" : $" AND score >= {Sql.Number(selection.LeastScore)}";
        return _server.Client.QueryAsync($"SELECT {Score(unit)} AS score, row_id, first_row FROM {Tables.All("windows")} WHERE "
            + $"first_row IN (SELECT first_row FROM {Tables.Local("files")} WHERE {Live(selection)}){least} "
            + $"ORDER BY score DESC, row_id ASC LIMIT {limit}",
            row => new Candidate(row.Float64(), row.Int64(), row.Int64()), cancellation);
    }

    string Score(float[] unit)
    {
        string query = $"[{string.Join(',', unit.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}]";
        return _product switch
        {
            "dotProduct" => $"toFloat64(dotProduct(vector, CAST({query}, 'Array(Float32)')))",
            "cosineDistance" => $"1 - toFloat64(cosineDistance(vector, CAST({query}, 'Array(Float32)')))",
            _ => $"toFloat64(arraySum((x, y) -> x * y, vector, {query}))",
        };
    }

    public Task<IReadOnlyList<StoredWindow>> WindowsAsync(IReadOnlyCollection<long> rows, CancellationToken cancellation) =>
        _server.Client.QueryAsync($"SELECT row_id, start_seconds, end_seconds, checksum, first_row, vector FROM {Tables.All("windows")} "
            + $"PREWHERE {Sql.In("row_id", rows)}", row => new StoredWindow(MarkOf(row), row.Int64(), row.Floats()), cancellation);

    public Task<IReadOnlyList<WindowMark>> MarksAsync(StoredFile file, CancellationToken cancellation) =>
        _server.Client.QueryAsync($"SELECT row_id, start_seconds, end_seconds, checksum FROM {Tables.All("windows")} WHERE row_id >= "
            + $"{Sql.Integer(file.FirstRow)} AND row_id < {Sql.Integer(file.FirstRow + file.Windows)} ORDER BY row_id ASC", MarkOf,
            cancellation);

    static WindowMark MarkOf(RowBinaryReader row) => new(row.Int64(), row.Float64(), row.Float64(), row.UInt32());

    public Task<IReadOnlyList<StoredFile>> FilesAsync(FileChoice choice, CancellationToken cancellation)
    {
        string where = choice.FirstRows is { } rows ? $" AND {Sql.In("first_row", rows)}"
            : choice.FullPaths is { Count: > 0 } paths ? $" AND full_path IN ({string.Join(',', paths.Select(Sql.Text))})"
            : choice.FullPaths is not null ? " AND 1 = 0" : "";
        return _server.Client.QueryAsync("SELECT first_row, windows, path, full_path, content_hash, size_bytes, modified, details, tokens "
            + $"FROM {Tables.All("files")} WHERE {Live(Selection.All)}{where} ORDER BY first_row ASC", row => new StoredFile(row.Int64(),
            row.Int32(), new IndexedFile
            {
                Path = row.Text(), FullPath = row.Text(), ContentHash = row.Text(), SizeBytes = row.Int64(),
                ModifiedUtc = new DateTime(row.Int64(), DateTimeKind.Utc),
            }, FileJson.DetailsOf(row.Text(), _server.Place), row.Int32()), cancellation);
    }

    public Task<IReadOnlyList<Posting>> PostingsAsync(string term, CancellationToken cancellation) =>
        _server.Client.QueryAsync($"SELECT first_row, places, tokens FROM {Tables.All("words")} WHERE term = {Sql.Text(term)} AND "
            + $"(first_row, version) IN (SELECT first_row, version FROM {Tables.Local("files")} WHERE {Live(Selection.All)})",
            row => new Posting(row.Int64(), row.Integers(), row.Int32()), cancellation);

    public Task<IReadOnlyList<FileWithText>> PassingAsync(Selection selection, CancellationToken cancellation) =>
        _server.Client.QueryAsync($"SELECT first_row, text_key FROM {Tables.All("files")} WHERE {Live(selection)}",
            row => new FileWithText(row.Int64(), row.Int64()), cancellation);

    public async Task<(long Files, long Windows)> CountAsync(Selection selection, CancellationToken cancellation) =>
        (await _server.Client.QueryAsync($"SELECT toInt64(count()), toInt64(sum(windows)) FROM {Tables.All("files")} WHERE "
            + Live(selection), row => (row.Int64(), row.Int64()), cancellation).ConfigureAwait(false))[0];

    public async Task<IndexBackground?> ReadBackgroundAsync(CancellationToken cancellation) => (await _server.Client.QueryAsync(
        $"SELECT files, scores FROM {Tables.All("background")} WHERE {HasHappened("commit")} ORDER BY commit DESC LIMIT 1",
        row => IndexBackground.Decode(row.Int64(), row.Bytes()), cancellation).ConfigureAwait(false)).FirstOrDefault();

    public async Task<int> TextWidthAsync(CancellationToken cancellation) => (await _server.Client.QueryAsync(
        $"SELECT toInt64(length(vector)) FROM {Tables.All("texts")} WHERE {HasHappened("commit")} LIMIT 1", row => (int)row.Int64(),
        cancellation).ConfigureAwait(false)).FirstOrDefault();

    /// <remarks>A text may lie on another shard than its files, so that their keys are sent to all shards.</remarks>
    public Task<IReadOnlyList<TextCandidate>> NearestTextsAsync(float[] unit, Selection selection, int limit,
        CancellationToken cancellation) =>
        _server.Client.QueryAsync($"SELECT {Score(unit)} AS score, key FROM {Tables.All("texts")} WHERE {HasHappened("commit")} AND key "
            + $"GLOBAL IN (SELECT text_key FROM {Tables.All("files")} WHERE {Live(selection)}) AND score >= "
            + $"{Sql.Number(selection.LeastScore)} ORDER BY score DESC, key ASC LIMIT {limit}",
            row => new TextCandidate(row.Float64(), row.Int64()), cancellation);

    public async Task<IReadOnlyList<StoredText>> TextsAsync(IReadOnlyCollection<long> keys, CancellationToken cancellation) =>
        [.. (await _server.Client.QueryAsync($"SELECT commit, key, vector, checksum FROM {Tables.All("texts")} WHERE {Sql.In("key", keys)} "
            + $"AND {HasHappened("commit")}", row => (Commit: row.Int64(), Text: new StoredText(row.Int64(), row.Floats(), row.Int64())),
            cancellation).ConfigureAwait(false)).GroupBy(item => item.Text.Key).Select(group => group.MaxBy(item => item.Commit).Text)];

    public Task<IReadOnlyList<long>> TextKeysAsync(CancellationToken cancellation) => _server.Client.QueryAsync(
        $"SELECT DISTINCT key FROM {Tables.All("texts")} WHERE {HasHappened("commit")}", row => row.Int64(), cancellation);

    public async Task<TextScale?> ReadTextScaleAsync(CancellationToken cancellation) => (await _server.Client.QueryAsync(
        $"SELECT mean, deviation, agreement, files FROM {Tables.All("text_scale")} WHERE {HasHappened("commit")} ORDER BY commit DESC "
        + "LIMIT 1", row => new TextScale
        {
            Mean = row.Float64(), Deviation = row.Float64(), Agreement = row.Float64() is >= 0 and var agreement ? agreement : null,
            Files = row.Int64(),
        }, cancellation).ConfigureAwait(false)).FirstOrDefault();

    public async Task<long> SizeBytesAsync(CancellationToken cancellation)
    {
        string parts = Tables.Cluster is { } cluster ? $"cluster({Sql.Text(cluster)}, system.parts)" : "system.parts";
        string tables = string.Join(',', new[] { "windows", "words", "files", "texts", "text_scale", "commits", "background",
            "settings" }
            .Select(table => Sql.Text(Tables.NameOf(table))));
        return (await _server.Client.QueryAsync($"SELECT toInt64(sum(bytes_on_disk)) FROM {parts} WHERE active AND database = "
            + $"currentDatabase() AND table IN ({tables})", row => row.Int64(), cancellation).ConfigureAwait(false))[0];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
