using System.Globalization;
using NativeRetrieval.Indexing.Remote;

namespace NativeRetrieval.ClickHouse;

/// <summary>Names and definitions of the tables of an index.</summary>
internal sealed class ClickHouseTables
{
    /// <summary>Bytes of vectors in one granule, the least that is read: small enough for reading single rows.</summary>
    const int GranuleSizeBytes = 256 << 10;

    /// <summary>Column that says on which shard a row lies: the first 8 bytes of the file's content hash.</summary>
    const string Shard = "shard";

    readonly string _index, _database;

    public ClickHouseTables(ServerAddress address)
    {
        _index = address.IndexName;
        _database = address.Database.Length > 0 ? address.Database : "default";
        Cluster = address.Option("cluster");
    }

    /// <summary>Name of the cluster; null: there is one server.</summary>
    public string? Cluster { get; }

    public string NameOf(string table) => $"{_index}_{table}";

    /// <summary>The part of a table on the server that runs the query, or on each shard in a subquery.</summary>
    public string Local(string table) => $"{Quoted(_database)}.{NameOf(table)}";

    /// <summary>All shards' parts of a table.</summary>
    public string All(string table) => Cluster is null ? Local(table) : Local($"{table}_all");

    static string Quoted(string name) =>
        $"`{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal)}`";

    public IEnumerable<string> Definitions(int dimension)
    {
        int granularity = Math.Clamp(GranuleSizeBytes / (dimension * sizeof(float)), 16, 8192);
        (string Table, string Columns, string Order, string ShardBy, int Granularity)[] tables =
        [
            ("windows", "row_id Int64, first_row Int64, start_seconds Float64, end_seconds Float64, checksum UInt32, "
                + $"vector Array(Float32), {Shard} Int64", "row_id", Shard, granularity),
            ("words", $"term String, first_row Int64, version Int64, places Array(Int32), tokens Int32, {Shard} Int64", "(term, first_row)",
                Shard, 1024),
            ("files", "first_row Int64, version Int64, gone UInt8, windows Int32, path String, full_path String, content_hash String, "
                + "size_bytes Int64, modified Int64, details String, text_key Int64, tokens Int32, duration Float64, "
                + "sample_rate Int32, channels Int32, added Int64, key_path String, key_path_lower String, key_folders String, "
                + $"key_folders_upper String, key_categories Array(String), key_tags Array(String), {Shard} Int64",
                "(first_row, version)", Shard, 1024),
            ("texts", $"key Int64, commit Int64, vector Array(Float32), checksum Int64, {Shard} Int64", "(key, commit)", Shard,
                granularity),
            ("text_scale", "commit Int64, mean Float64, deviation Float64, agreement Float64, files Int64", "commit", "0", 1024),
            ("commits", "commit Int64, next_row Int64, files Int64, windows Int64, tokens Int64, aborted Array(Int64)", "commit", "0",
                1024),
            ("background", "commit Int64, files Int64, scores String", "commit", "0", 1024),
            ("settings", "schema_version Int32, model_id String, model_fingerprint String, dimension Int32, element String, "
                + "window_seconds Float64, hop_seconds Float64", "tuple()", "0", 1024),
        ];
        foreach (var (table, columns, order, shardBy, rows) in tables)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"CREATE TABLE IF NOT EXISTS {Local(table)} ({columns}) "
                + $"ENGINE = MergeTree ORDER BY {order} SETTINGS index_granularity = {rows}");
            if (Cluster is not null)
                yield return $"CREATE TABLE IF NOT EXISTS {All(table)} ({columns}) ENGINE = Distributed("
                    + $"{Quoted(Cluster)}, {Quoted(_database)}, {NameOf(table)}, {shardBy})";
        }
    }
}
