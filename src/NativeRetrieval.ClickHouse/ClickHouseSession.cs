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

    ClickHouseTables Tables => _server.Tables;

    static ClickHouseDialect Sql => ClickHouseDialect.Shared;

    /// <summary>Rows of changes that have happened, up to the commit that is read.</summary>
    string IsVisible => $"version <= {Sql.Integer(_seen.State.Commits)}" + (_seen.Aborted.Count == 0 ? ""
        : $" AND {Sql.NotIn("version", _seen.Aborted)}");

    /// <summary>Conditions on the table of files: the newest record of each that is not gone, and those of a selection.</summary>
    string Live(Selection selection) => $"(first_row, version) IN (SELECT first_row, max(version) FROM {Tables.Local("files")} "
        + $"WHERE {IsVisible} GROUP BY first_row) AND gone = 0" + string.Concat(FilterSql.Of(selection, Sql).Select(one => $" AND {one}"));

    public Task<IReadOnlyList<Candidate>> NearestAsync(float[] unit, Selection selection, int limit, CancellationToken cancellation)
    {
        string query = $"[{string.Join(',', unit.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}]";
        string score = _product switch
        {
            "dotProduct" => $"toFloat64(dotProduct(vector, CAST({query}, 'Array(Float32)')))",
            "cosineDistance" => $"1 - toFloat64(cosineDistance(vector, CAST({query}, 'Array(Float32)')))",
            _ => $"toFloat64(arraySum((x, y) -> x * y, vector, {query}))",
        };
        string least = double.IsNegativeInfinity(selection.LeastScore) ? "" : $" AND score >= {Sql.Number(selection.LeastScore)}";
        return _server.Client.QueryAsync($"SELECT {score} AS score, row_id, first_row FROM {Tables.All("windows")} WHERE first_row IN "
            + $"(SELECT first_row FROM {Tables.Local("files")} WHERE {Live(selection)}){least} ORDER BY score DESC, row_id ASC LIMIT "
            + $"{limit}",
            row => new Candidate(row.Float64(), row.Int64(), row.Int64()), cancellation);
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

    public Task<IReadOnlyList<long>> PassingAsync(Selection selection, CancellationToken cancellation) =>
        _server.Client.QueryAsync($"SELECT first_row FROM {Tables.All("files")} WHERE {Live(selection)}", row => row.Int64(), cancellation);

    public async Task<IndexBackground?> ReadBackgroundAsync(CancellationToken cancellation) => (await _server.Client.QueryAsync(
        $"SELECT files, scores FROM {Tables.All("background")} WHERE commit <= {Sql.Integer(_seen.State.Commits)} AND "
        + $"{Sql.NotIn("commit", _seen.Aborted)} ORDER BY commit DESC LIMIT 1",
        row => IndexBackground.Decode(row.Int64(), row.Bytes()), cancellation).ConfigureAwait(false)).FirstOrDefault();

    public async Task<long> SizeBytesAsync(CancellationToken cancellation)
    {
        string parts = Tables.Cluster is { } cluster ? $"cluster({Sql.Text(cluster)}, system.parts)" : "system.parts";
        string tables = string.Join(',', new[] { "windows", "words", "files", "commits", "background", "settings" }
            .Select(table => Sql.Text(Tables.NameOf(table))));
        return (await _server.Client.QueryAsync($"SELECT toInt64(sum(bytes_on_disk)) FROM {parts} WHERE active AND database = "
            + $"currentDatabase() AND table IN ({tables})", row => row.Int64(), cancellation).ConfigureAwait(false))[0];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
