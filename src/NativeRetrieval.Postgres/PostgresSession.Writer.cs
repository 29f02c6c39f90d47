using NativeRetrieval.Indexing.Remote;
using Npgsql;

namespace NativeRetrieval.Postgres;

internal sealed partial class PostgresSession
{
    /// <summary>Windows in one statement: 1 MiB of 1,024 values.</summary>
    const int WindowsPerStatement = 256;

    public Task CommitAsync(ServerChange change, CancellationToken cancellation) => _server.CalledAsync(async () =>
    {
        if (change.Removed.Count > 0)
            await ExecuteAsync(sql => $"DELETE FROM {Schema}.files WHERE {sql.In("first_row", [.. change.Removed.Select(file =>
                file.FirstRow)])}", cancellation).ConfigureAwait(false);
        foreach (var file in change.Described)
        {
            await ExecuteAsync(sql => $"DELETE FROM {Schema}.words WHERE first_row = {sql.Integer(file.File.FirstRow)}", cancellation)
                .ConfigureAwait(false);
            await ExecuteAsync(sql => Update(sql, file.File), cancellation).ConfigureAwait(false);
            await WriteWordsAsync(file, cancellation).ConfigureAwait(false);
        }
        foreach (var file in change.Added)
        {
            await ExecuteAsync(sql => Insert(sql, file.File), cancellation).ConfigureAwait(false);
            foreach (var rows in file.Rows.Chunk(WindowsPerStatement)) await WriteWindowsAsync(rows, cancellation).ConfigureAwait(false);
            await WriteWordsAsync(file, cancellation).ConfigureAwait(false);
        }
        if (change.Background is { } background)
            await ExecuteAsync(sql => $"INSERT INTO {Schema}.background VALUES (1, {sql.Integer(background.Files)}, "
                + $"{sql.Add(background.Encode())}) ON CONFLICT (one) DO UPDATE SET files = excluded.files, scores = excluded.scores",
                cancellation).ConfigureAwait(false);
        if (change.Texts is { } texts)
        {
            await ExecuteAsync(_ => $"DELETE FROM {Schema}.texts t WHERE NOT EXISTS "
                + $"(SELECT FROM {Schema}.files f WHERE f.text_key = t.key)",
                cancellation).ConfigureAwait(false);
            foreach (var some in texts.Chunk(WindowsPerStatement)) await WriteTextsAsync(some, cancellation).ConfigureAwait(false);
        }
        if (change.TextScale is { } scale)
            await ExecuteAsync(sql => $"INSERT INTO {Schema}.text_scale VALUES (1, {sql.Number(scale.Mean)}, "
                + $"{sql.Number(scale.Deviation)}, {(scale.Agreement is { } agreement ? sql.Number(agreement) : "NULL")}, "
                + $"{sql.Integer(scale.Files)}) ON CONFLICT (one) DO UPDATE SET mean = excluded.mean, deviation = excluded.deviation, "
                + "agreement = excluded.agreement, files = excluded.files", cancellation).ConfigureAwait(false);
        var next = change.Next;
        await ExecuteAsync(sql => $"UPDATE {Schema}.state SET commits = {sql.Integer(next.Commits)}, next_row = "
            + $"{sql.Integer(next.NextRow)}, "
            + $"files = {sql.Integer(next.Files)}, windows = {sql.Integer(next.Windows)}, tokens = {sql.Integer(next.Tokens)}",
            cancellation)
            .ConfigureAwait(false);
        await ExecuteAsync(_ => "COMMIT", cancellation).ConfigureAwait(false);
        return true;
    }, cancellation);

    static IEnumerable<(string Column, string Value)> Columns(PostgresDialect sql, StoredFile file)
    {
        var keys = FileKeys.Of(file.File.FullPath, file.Details);
        yield return ("windows", sql.Add(file.Windows));
        yield return ("path", sql.Text(file.File.Path));
        yield return ("full_path", sql.Text(file.File.FullPath));
        yield return ("content_hash", sql.Text(file.File.ContentHash));
        yield return ("size_bytes", sql.Integer(file.File.SizeBytes));
        yield return ("modified", sql.Integer(file.File.ModifiedUtc.Ticks));
        yield return ("details", sql.Text(FileJson.Of(file.Details)));
        yield return ("text_key", sql.Integer(file.TextKey));
        yield return ("tokens", sql.Add(file.Tokens));
        yield return ("duration", sql.Number(file.Details.DurationSeconds));
        yield return ("sample_rate", file.Details.SampleRateHz is { } rate ? sql.Add(rate) : "NULL");
        yield return ("channels", file.Details.Channels is { } channels ? sql.Add(channels) : "NULL");
        yield return ("added", file.Details.AddedUtc is { } added ? sql.Integer(added.Ticks) : "NULL");
        yield return ("key_path", sql.Text(keys.Path));
        yield return ("key_path_lower", sql.Text(keys.LowerPath));
        yield return ("key_folders", sql.Text(keys.Folders));
        yield return ("key_folders_upper", sql.Text(keys.UpperFolders));
        yield return ("key_categories", sql.Add(keys.Categories));
        yield return ("key_tags", sql.Add(keys.Tags));
    }

    string Insert(PostgresDialect sql, StoredFile file)
    {
        (string Column, string Value)[] all = [("first_row", sql.Integer(file.FirstRow)), .. Columns(sql, file)];
        return $"INSERT INTO {Schema}.files ({string.Join(", ", all.Select(item => item.Column))}) "
            + $"VALUES ({string.Join(", ", all.Select(item => item.Value))})";
    }

    string Update(PostgresDialect sql, StoredFile file) =>
        $"UPDATE {Schema}.files SET {string.Join(", ", Columns(sql, file).Select(item => $"{item.Column} = {item.Value}"))} "
        + $"WHERE first_row = {sql.Integer(file.FirstRow)}";

    /// <summary>Writes vectors as one array of all values, which goes over the wire as it is in memory, and is cut on the server.</summary>
    Task WriteWindowsAsync(StoredWindow[] rows, CancellationToken cancellation) => ExecuteAsync(sql =>
    {
        int width = _settings.Dimension;
        float[] values = new float[rows.Length * width];
        for (int i = 0; i < rows.Length; i++) rows[i].Vector.CopyTo(values, i * width);
        string half = _hasHalves ? ", half" : "", vector = $"({sql.Add(values)}::real[])[((i - 1) * {width} + 1)::int : (i * "
            + $"{width})::int]::vector({width})";
        return $"INSERT INTO {Schema}.windows (row_id, first_row, start_seconds, end_seconds, checksum, vector{half}) "
            + $"SELECT r, f, b, e, c, v{(_hasHalves ? $", v::halfvec({width})" : "")} FROM (SELECT r, f, b, e, c, {vector} AS v "
            + $"FROM unnest({sql.Add(Of(rows, row => row.Mark.Row))}, {sql.Add(Of(rows, row => row.FirstRow))}, "
            + $"{sql.Add(Of(rows, row => row.Mark.StartSeconds))}, {sql.Add(Of(rows, row => row.Mark.EndSeconds))}, "
            + $"{sql.Add(Of(rows, row => (long)row.Mark.Checksum))}) WITH ORDINALITY AS t(r, f, b, e, c, i)) s";
    }, cancellation);

    Task WriteTextsAsync(StoredText[] texts, CancellationToken cancellation) => ExecuteAsync(sql =>
    {
        int width = texts[0].Vector.Length;
        float[] values = [.. texts.SelectMany(text => text.Vector)];
        return $"INSERT INTO {Schema}.texts SELECT k, "
            + $"({sql.Add(values)}::real[])[((i - 1) * {width} + 1)::int : (i * {width})::int]::vector, c "
            + $"FROM unnest({sql.Add<long[]>([.. texts.Select(text => text.Key)])}, "
            + $"{sql.Add<long[]>([.. texts.Select(text => text.Checksum)])}) WITH ORDINALITY AS t(k, c, i) "
            + "ON CONFLICT (key) DO UPDATE SET vector = excluded.vector, checksum = excluded.checksum";
    }, cancellation);

    static T[] Of<T>(StoredWindow[] rows, Func<StoredWindow, T> value) => [.. rows.Select(value)];

    Task WriteWordsAsync(WrittenFile file, CancellationToken cancellation) => file.Terms.Count == 0 ? Task.CompletedTask
        : ExecuteAsync(sql => $"INSERT INTO {Schema}.words SELECT t, {sql.Integer(file.File.FirstRow)}, p::int[] "
            + $"FROM unnest({sql.Add<string[]>([.. file.Terms.Keys])}, "
            + $"{sql.Add<string[]>([.. file.Terms.Values.Select(places => $"{{{string.Join(',', places)}}}")])}) AS w(t, p)", cancellation);

    async Task ExecuteAsync(Func<PostgresDialect, string> ask, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand { Connection = _connection };
        command.CommandText = ask(new PostgresDialect(command.Parameters));
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
