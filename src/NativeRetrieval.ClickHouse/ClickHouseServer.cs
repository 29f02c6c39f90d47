using System.Globalization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;

namespace NativeRetrieval.ClickHouse;

/// <summary>A ClickHouse server, or a cluster of them.</summary>
internal sealed class ClickHouseServer : IIndexServer
{
    const int SchemaVersion = 1;

    readonly ServerAddress _address;
    readonly ClickHouseClient _client;
    string? _product;

    public ClickHouseServer(ServerAddress address)
    {
        (_address, _client) = (address, new ClickHouseClient(address));
        Tables = new ClickHouseTables(address);
        if (address.Hosts.Count > 1 && Tables.Cluster is null)
        {
            _client.Dispose();
            throw new OptionException($"{address.Masked}: names {address.Hosts.Count} servers and no cluster=, which says how they belong "
                + "together");
        }
    }

    public ClickHouseTables Tables { get; }

    public ClickHouseClient Client => _client;

    public string Place => _address.Masked;

    public async Task<IndexSettings?> ReadSettingsAsync(CancellationToken cancellation)
    {
        if (!await ExistsAsync(host: 0, cancellation).ConfigureAwait(false)) return null;
        var rows = await _client.QueryAsync($"SELECT schema_version, model_id, model_fingerprint, dimension, element, window_seconds, "
            + $"hop_seconds FROM {Tables.All("settings")}", row => (Version: row.Int32(), Settings: new IndexSettings
            {
                ModelId = row.Text(), ModelFingerprint = row.Text(), Dimension = row.Int32(),
                Element = row.Text() == nameof(DType.BFloat16) ? DType.BFloat16 : DType.Float32, WindowSeconds = row.Float64(),
                HopSeconds = row.Float64(),
            }), cancellation).ConfigureAwait(false);
        if (rows.Count == 0) return null;
        if (rows[0].Version != SchemaVersion)
            throw new IndexException($"{Place}: the index has schema version {rows[0].Version}, this program reads {SchemaVersion}; use "
                + (rows[0].Version > SchemaVersion ? "a newer NativeRetrieval" : "the NativeRetrieval that made it, or index anew"));
        int shards = await ShardsAsync(cancellation).ConfigureAwait(false);
        if (rows.Count != shards || rows.Any(row => row.Settings != rows[0].Settings))
            throw new IndexException($"{Place}: {rows.Count} of {shards} shards have the index, or they have others; where it is made, the "
                + "address names one server of every shard");
        return rows[0].Settings;
    }

    async Task<bool> ExistsAsync(int host, CancellationToken cancellation) => (await _client.QueryAsync($"SELECT toInt64(count()) FROM "
        + $"system.tables WHERE database = currentDatabase() AND name = '{Tables.NameOf("settings")}'", row => row.Int64(), cancellation,
        host)
        .ConfigureAwait(false))[0] > 0;

    async Task<int> ShardsAsync(CancellationToken cancellation)
    {
        if (Tables.Cluster is not { } cluster) return 1;
        long shards = (await _client.QueryAsync("SELECT toInt64(uniqExact(shard_num)) FROM system.clusters WHERE cluster = "
            + ClickHouseDialect.Shared.Text(cluster), row => row.Int64(), cancellation).ConfigureAwait(false))[0];
        return shards > 0 ? (int)shards
            : throw new IndexException($"{Place}: the server's configuration has no cluster {PlainText.Of(cluster)}");
    }

    public async Task CreateAsync(IndexSettings settings, CancellationToken cancellation)
    {
        int shards = await ShardsAsync(cancellation).ConfigureAwait(false);
        if (_client.Hosts != shards)
            throw new IndexException($"{Place}: names {_client.Hosts} {(_client.Hosts == 1 ? "server" : "servers")}, and the cluster has "
                + $"{shards} shards; where an index is made, the address names one server of every shard, as tables are made on each");
        // The table of settings comes last: where it is, all others are.
        for (int host = 0; host < shards; host++)
            foreach (string table in Tables.Definitions(settings.Dimension))
                await _client.ExecuteAsync(table, cancellation, host).ConfigureAwait(false);
        for (int host = 0; host < shards; host++)
        {
            long rows = (await _client.QueryAsync($"SELECT toInt64(count()) FROM {Tables.Local("settings")}", row => row.Int64(),
                cancellation,
                host).ConfigureAwait(false))[0];
            if (rows > 0) continue;
            var row = new RowBinaryWriter().Int32(SchemaVersion).Text(settings.ModelId).Text(settings.ModelFingerprint)
                .Int32(settings.Dimension).Text(settings.Element.ToString()).Float64(settings.WindowSeconds).Float64(settings.HopSeconds);
            await _client.InsertAsync(Tables.Local("settings"), "schema_version, model_id, model_fingerprint, dimension, element, "
                + "window_seconds, hop_seconds", row, cancellation, host).ConfigureAwait(false);
        }
    }

    public async Task<IServerSession> BeginReadAsync(IndexSettings settings, CancellationToken cancellation) =>
        await BeginAsync(settings, isWriter: false, cancellation).ConfigureAwait(false);

    public async Task<IServerWriter> BeginWriteAsync(IndexSettings settings, CancellationToken cancellation) =>
        await BeginAsync(settings, isWriter: true, cancellation).ConfigureAwait(false);

    async Task<ClickHouseSession> BeginAsync(IndexSettings settings, bool isWriter, CancellationToken cancellation)
    {
        string product = _product ??= await FastestProductAsync(cancellation).ConfigureAwait(false);
        var last = await LastCommitAsync(cancellation).ConfigureAwait(false);
        return isWriter
            ? await ClickHouseSession.BeginWriteAsync(this, settings, product, last, cancellation).ConfigureAwait(false)
            : new ClickHouseSession(this, settings, product, last);
    }

    /// <summary>The last commit.</summary>
    public async Task<ClickHouseCommit> LastCommitAsync(CancellationToken cancellation)
    {
        var rows = await _client.QueryAsync("SELECT commit, next_row, files, windows, tokens, aborted FROM "
            + $"{Tables.All("commits")} ORDER BY commit DESC LIMIT 2", row => new ClickHouseCommit(
                new ServerState(row.Int64(), row.Int64(), row.Int64(), row.Int64(), row.Int64()), row.LongIntegers()), cancellation)
            .ConfigureAwait(false);
        if (rows.Count == 2 && rows[0].State.Commits == rows[1].State.Commits)
            throw new IndexCorruptException(Place, "two writers have made change "
                + $"{rows[0].State.Commits.ToString(CultureInfo.InvariantCulture)} at the same time, and their rows cannot be told apart; "
                + "index anew, and let one program write at a time");
        return rows.Count > 0 ? rows[0] : new ClickHouseCommit(new ServerState(0, 1, 0, 0, 0), []);
    }

    /// <summary>The function for products of vectors that runs fastest among those the server has.</summary>
    async Task<string> FastestProductAsync(CancellationToken cancellation)
    {
        var known = await _client.QueryAsync("SELECT name FROM system.functions WHERE name IN ('dotProduct', 'cosineDistance')",
            row => row.Text(), cancellation).ConfigureAwait(false);
        return known.Contains("dotProduct") ? "dotProduct" : known.Contains("cosineDistance") ? "cosineDistance" : "arraySum";
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>A commit.</summary>
/// <param name="Aborted">Numbers of changes that were begun and did not happen.</param>
internal sealed record ClickHouseCommit(ServerState State, IReadOnlyList<long> Aborted);
