using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;

namespace NativeRetrieval.ClickHouse;

internal sealed partial class ClickHouseSession
{
    const string FileColumns = "first_row, version, gone, windows, path, full_path, content_hash, size_bytes, modified, details, text_key, "
        + "tokens, duration, sample_rate, channels, added, key_path, key_path_lower, key_folders, key_folders_upper, key_categories, "
        + "key_tags, shard";

    /// <summary>Stands for an agreement that is not known.</summary>
    const double NoAgreement = -1;

    /// <summary>Changes that were begun after the last commit and did not happen.</summary>
    IReadOnlyList<long> Left { get; init; } = [];

    /// <summary>A session that begins behind all that earlier changes have left, whether they happened or not.</summary>
    public static async Task<ClickHouseSession> BeginWriteAsync(ClickHouseServer server, IndexSettings settings, string product,
        ClickHouseCommit last, CancellationToken cancellation)
    {
        var (tables, state) = (server.Tables, last.State);
        long row = (await server.Client.QueryAsync($"SELECT max(row_id) FROM {tables.All("windows")} WHERE row_id >= "
            + Sql.Integer(state.NextRow), reader => reader.Int64(), cancellation).ConfigureAwait(false)).DefaultIfEmpty().Max();
        string after = Sql.Integer(state.Commits);
        var left = new SortedSet<long>();
        (string Table, string Column)[] numbered = [("files", "version"), ("words", "version"), ("background", "commit"),
            ("texts", "commit"), ("text_scale", "commit")];
        foreach (var (table, column) in numbered)
            left.UnionWith(await server.Client.QueryAsync($"SELECT DISTINCT {column} FROM {tables.All(table)} WHERE {column} > {after}",
                reader => reader.Int64(), cancellation).ConfigureAwait(false));
        return new ClickHouseSession(server, settings, product, last)
        {
            State = state with { NextRow = Math.Max(state.NextRow, row + 1), Commits = Math.Max(state.Commits, left.Max) },
            Left = [.. left],
        };
    }

    public async Task CommitAsync(ServerChange change, CancellationToken cancellation)
    {
        long version = change.Next.Commits;
        var (files, windows, words) = (new RowBinaryWriter(), new RowBinaryWriter(), new RowBinaryWriter());
        foreach (var file in change.Removed) Write(files, file, version, isGone: true);
        foreach (var file in change.Described.Concat(change.Added))
        {
            Write(files, file.File, version, isGone: false);
            long shard = ShardOf(file.File);
            foreach (var row in file.Rows)
                windows.Int64(row.Mark.Row).Int64(row.FirstRow).Float64(row.Mark.StartSeconds).Float64(row.Mark.EndSeconds)
                    .UInt32(row.Mark.Checksum).Floats(row.Vector).Int64(shard);
            foreach (var (term, places) in file.Terms)
                words.Text(term).Int64(file.File.FirstRow).Int64(version).Integers(places).Int32(file.File.Tokens).Int64(shard);
        }
        var client = _server.Client;
        await client.InsertAsync(Tables.All("windows"), "row_id, first_row, start_seconds, end_seconds, checksum, vector, shard", windows,
            cancellation).ConfigureAwait(false);
        await client.InsertAsync(Tables.All("words"), "term, first_row, version, places, tokens, shard", words, cancellation)
            .ConfigureAwait(false);
        await client.InsertAsync(Tables.All("files"), FileColumns, files, cancellation).ConfigureAwait(false);
        if (change.Background is { } background)
            await client.InsertAsync(Tables.All("background"), "commit, files, scores", new RowBinaryWriter().Int64(version)
                .Int64(background.Files).Binary(background.Encode()), cancellation).ConfigureAwait(false);
        var texts = new RowBinaryWriter();
        foreach (var text in change.Texts ?? [])
            texts.Int64(text.Key).Int64(version).Floats(text.Vector).Int64(text.Checksum).Int64(text.Key & long.MaxValue);
        await client.InsertAsync(Tables.All("texts"), "key, commit, vector, checksum, shard", texts, cancellation).ConfigureAwait(false);
        if (change.TextScale is { } scale)
            await client.InsertAsync(Tables.All("text_scale"), "commit, mean, deviation, agreement, files", new RowBinaryWriter()
                .Int64(version).Float64(scale.Mean).Float64(scale.Deviation).Float64(scale.Agreement ?? NoAgreement).Int64(scale.Files),
                cancellation).ConfigureAwait(false);

        if ((await _server.LastCommitAsync(cancellation).ConfigureAwait(false)).State.Commits != _seen.State.Commits)
            throw new IndexException($"{_server.Place}: another program has changed the index meanwhile, and ClickHouse has no locks; this "
                + "change has not happened: let one program write at a time, and run it again");
        var next = change.Next;
        // From here on the change has happened: it is not cancelled half-way.
        await client.InsertAsync(Tables.All("commits"), "commit, next_row, files, windows, tokens, aborted", new RowBinaryWriter()
            .Int64(version).Int64(next.NextRow).Int64(next.Files).Int64(next.Windows).Int64(next.Tokens)
            .LongIntegers([.. _seen.Aborted, .. Left]), CancellationToken.None).ConfigureAwait(false);
        await _server.LastCommitAsync(CancellationToken.None).ConfigureAwait(false);
    }

    static void Write(RowBinaryWriter row, StoredFile file, long version, bool isGone)
    {
        var (indexed, details) = (file.File, file.Details);
        var keys = FileKeys.Of(indexed.FullPath, details);
        row.Int64(file.FirstRow).Int64(version).UInt8(isGone ? (byte)1 : (byte)0).Int32(file.Windows).Text(indexed.Path)
            .Text(indexed.FullPath).Text(indexed.ContentHash).Int64(indexed.SizeBytes).Int64(indexed.ModifiedUtc.Ticks)
            .Text(FileJson.Of(details)).Int64(file.TextKey).Int32(file.Tokens).Float64(details.DurationSeconds)
            .Int32(details.SampleRateHz ?? -1).Int32(details.Channels ?? -1).Int64(details.AddedUtc?.Ticks ?? -1).Text(keys.Path)
            .Text(keys.LowerPath).Text(keys.Folders).Text(keys.UpperFolders).Texts(keys.Categories).Texts(keys.Tags).Int64(ShardOf(file));
    }

    /// <summary>A number of 0 or more from the content hash: a file's windows, words and records lie on one shard, whatever its name is
    /// later.</summary>
    static long ShardOf(StoredFile file) =>
        long.Parse(file.File.ContentHash.AsSpan(0, 15), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
