using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;
using Npgsql;

namespace NativeRetrieval.Postgres;

/// <summary>One transaction: reads, and one change where it is a writer's.</summary>
internal sealed partial class PostgresSession : IServerWriter
{
    readonly PostgresServer _server;
    readonly NpgsqlConnection _connection;
    readonly IndexSettings _settings;
    readonly bool _hasHalves;

    PostgresSession(PostgresServer server, NpgsqlConnection connection, IndexSettings settings, ServerState state, bool hasHalves) =>
        (_server, _connection, _settings, State, _hasHalves) = (server, connection, settings, state, hasHalves);

    string Schema => _server.Schema;

    public ServerState State { get; }

    /// <summary>
    /// Rounding a vector of length 1 to 16 bits moves it by at most 2⁻¹¹, and by 2⁻²⁵ for each value that is below the normal ones; query
    /// and row are both rounded. The margin covers the length that bfloat16 may add.
    /// </summary>
    public double ScoreError => _hasHalves ? 1.02 * 2 * (Math.Pow(2, -11) + Math.Sqrt(_settings.Dimension) * Math.Pow(2, -25)) : 0;

    /// <param name="connection">In its transaction; belongs to the session from now on.</param>
    public static async Task<PostgresSession> BeginAsync(PostgresServer server, NpgsqlConnection connection, IndexSettings settings,
        CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"SELECT commits, next_row, files, windows, tokens, scan FROM {server.Schema}.state, "
            + $"{server.Schema}.settings", connection);
        await using var row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        if (!await row.ReadAsync(cancellation).ConfigureAwait(false))
            throw new IndexCorruptException(server.Place, "its record of commits is missing");
        var state = new ServerState(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));
        return new PostgresSession(server, connection, settings, state, row.GetString(5) == "halfvec");
    }

    public Task<IReadOnlyList<Candidate>> NearestAsync(float[] unit, Selection selection, int limit, CancellationToken cancellation) =>
        ReadAsync((command, sql) =>
        {
            string query = sql.Add(unit);
            string score = _hasHalves
                ? string.Create(CultureInfo.InvariantCulture, $"-(w.half <#> {query}::vector::halfvec({_settings.Dimension}))")
                : $"-(w.vector <#> {query}::vector)";
            var conditions = FilterSql.Of(selection, sql);
            string files = conditions.Count == 0 ? ""
                : $" WHERE w.first_row IN (SELECT first_row FROM {Schema}.files WHERE {string.Join(" AND ", conditions)})";
            string scored = $"SELECT {score} AS score, w.row_id, w.first_row FROM {Schema}.windows w{files}";
            string least = double.IsNegativeInfinity(selection.LeastScore) ? "" : $" WHERE score >= {sql.Number(selection.LeastScore)}";
            command.CommandText = $"SELECT score, row_id, first_row FROM ({scored}) s{least} ORDER BY score DESC, row_id LIMIT "
                + sql.Integer(limit);
        }, row => new Candidate(row.GetDouble(0), row.GetInt64(1), row.GetInt64(2)), cancellation);

    public Task<IReadOnlyList<StoredWindow>> WindowsAsync(IReadOnlyCollection<long> rows, CancellationToken cancellation) =>
        ReadAsync((command, sql) => command.CommandText = "SELECT row_id, start_seconds, end_seconds, checksum, first_row, vector::real[] "
            + $"FROM {Schema}.windows WHERE {sql.In("row_id", rows)}",
            row => new StoredWindow(MarkOf(row), row.GetInt64(4), row.GetFieldValue<float[]>(5)), cancellation);

    public Task<IReadOnlyList<WindowMark>> MarksAsync(StoredFile file, CancellationToken cancellation) =>
        ReadAsync((command, sql) => command.CommandText = "SELECT row_id, start_seconds, end_seconds, checksum "
            + $"FROM {Schema}.windows WHERE first_row = {sql.Integer(file.FirstRow)} ORDER BY row_id", MarkOf, cancellation);

    static WindowMark MarkOf(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetDouble(1), row.GetDouble(2), unchecked((uint)row.GetInt64(3)));

    public Task<IReadOnlyList<StoredFile>> FilesAsync(FileChoice choice, CancellationToken cancellation) =>
        ReadAsync((command, sql) =>
        {
            string where = choice.FirstRows is { } rows ? $" WHERE {sql.In("first_row", rows)}"
                : choice.FullPaths is { } paths ? $" WHERE full_path = ANY({sql.Add<string[]>([.. paths])})" : "";
            command.CommandText = "SELECT first_row, windows, path, full_path, content_hash, size_bytes, modified, details, tokens "
                + $"FROM {Schema}.files{where} ORDER BY first_row";
        }, row => new StoredFile(row.GetInt64(0), row.GetInt32(1), new IndexedFile
        {
            Path = row.GetString(2), FullPath = row.GetString(3), ContentHash = row.GetString(4), SizeBytes = row.GetInt64(5),
            ModifiedUtc = new DateTime(row.GetInt64(6), DateTimeKind.Utc),
        }, FileJson.DetailsOf(row.GetString(7), _server.Place), row.GetInt32(8)), cancellation);

    public Task<IReadOnlyList<Posting>> PostingsAsync(string term, CancellationToken cancellation) =>
        ReadAsync((command, sql) => command.CommandText = $"SELECT w.first_row, w.places, f.tokens FROM {Schema}.words w "
            + $"JOIN {Schema}.files f USING (first_row) WHERE w.term = {sql.Text(term)}",
            row => new Posting(row.GetInt64(0), row.GetFieldValue<int[]>(1), row.GetInt32(2)), cancellation);

    public Task<IReadOnlyList<FileWithText>> PassingAsync(Selection selection, CancellationToken cancellation) =>
        ReadAsync((command, sql) => command.CommandText = $"SELECT first_row, text_key FROM {Passing(selection, sql)}",
            row => new FileWithText(row.GetInt64(0), row.GetInt64(1)), cancellation);

    public async Task<(long Files, long Windows)> CountAsync(Selection selection, CancellationToken cancellation) =>
        (await ReadAsync((command, sql) => command.CommandText = "SELECT count(*), coalesce(sum(windows), 0)::bigint FROM "
            + Passing(selection, sql), row => (row.GetInt64(0), row.GetInt64(1)), cancellation).ConfigureAwait(false))[0];

    string Passing(Selection selection, PostgresDialect sql) => $"{Schema}.files" + (FilterSql.Of(selection, sql) is { Count: > 0 } all
        ? $" WHERE {string.Join(" AND ", all)}" : "");

    /// <summary>Texts are kept in float32, which has all of their bits.</summary>
    public double TextScoreError => 0;

    public async Task<int> TextWidthAsync(CancellationToken cancellation) =>
        (await ReadAsync((command, _) => command.CommandText = $"SELECT vector_dims(vector) FROM {Schema}.texts LIMIT 1",
            row => row.GetInt32(0), cancellation).ConfigureAwait(false)).FirstOrDefault();

    public Task<IReadOnlyList<TextCandidate>> NearestTextsAsync(float[] unit, Selection selection, int limit,
        CancellationToken cancellation) => ReadAsync((command, sql) => command.CommandText =
            $"SELECT score, key FROM (SELECT -(vector <#> {sql.Add(unit)}::vector) AS score, key FROM {Schema}.texts WHERE key IN "
            + $"(SELECT text_key FROM {Passing(selection, sql)})) s WHERE score >= {sql.Number(selection.LeastScore)} "
            + $"ORDER BY score DESC, key LIMIT {sql.Integer(limit)}",
            row => new TextCandidate(row.GetDouble(0), row.GetInt64(1)), cancellation);

    public Task<IReadOnlyList<StoredText>> TextsAsync(IReadOnlyCollection<long> keys, CancellationToken cancellation) =>
        ReadAsync((command, sql) => command.CommandText = $"SELECT key, vector::real[], checksum FROM {Schema}.texts WHERE "
            + sql.In("key", keys), row => new StoredText(row.GetInt64(0), row.GetFieldValue<float[]>(1), row.GetInt64(2)), cancellation);

    public Task<IReadOnlyList<long>> TextKeysAsync(CancellationToken cancellation) =>
        ReadAsync((command, _) => command.CommandText = $"SELECT key FROM {Schema}.texts", row => row.GetInt64(0), cancellation);

    public async Task<TextScale?> ReadTextScaleAsync(CancellationToken cancellation) =>
        (await ReadAsync((command, _) => command.CommandText = $"SELECT mean, deviation, agreement, files FROM {Schema}.text_scale",
            row => new TextScale
            {
                Mean = row.GetDouble(0), Deviation = row.GetDouble(1), Agreement = row.IsDBNull(2) ? null : row.GetDouble(2),
                Files = row.GetInt64(3),
            }, cancellation).ConfigureAwait(false)).FirstOrDefault();

    public async Task<IndexBackground?> ReadBackgroundAsync(CancellationToken cancellation) =>
        (await ReadAsync((command, _) => command.CommandText = $"SELECT files, scores FROM {Schema}.background",
            row => IndexBackground.Decode(row.GetInt64(0), row.GetFieldValue<byte[]>(1)), cancellation).ConfigureAwait(false))
            .FirstOrDefault();

    public async Task<long> SizeBytesAsync(CancellationToken cancellation) =>
        (await ReadAsync((command, sql) => command.CommandText = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint "
            + $"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {sql.Text(Schema)} AND c.relkind = 'r'",
            row => row.GetInt64(0), cancellation).ConfigureAwait(false))[0];

    Task<IReadOnlyList<T>> ReadAsync<T>(Action<NpgsqlCommand, PostgresDialect> ask, Func<NpgsqlDataReader, T> read,
        CancellationToken cancellation) => _server.CalledAsync<IReadOnlyList<T>>(async () =>
    {
        await using var command = new NpgsqlCommand { Connection = _connection };
        ask(command, new PostgresDialect(command.Parameters));
        await using var row = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var list = new List<T>();
        while (await row.ReadAsync(cancellation).ConfigureAwait(false)) list.Add(read(row));
        return list;
    }, cancellation);

    /// <summary>Ends the transaction, which the pool does where nothing was committed.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
