using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;

namespace NativeRetrieval.ClickHouse;

/// <summary>
/// Indexes in ClickHouse, spoken to over HTTP, each in tables <c>NAME_…</c> of the database. With <c>cluster</c> the rows lie on its
/// shards,
/// each file with its windows and words on one. The password may stand in the address; better in <c>CLICKHOUSE_PASSWORD</c>, which no
/// list of processes shows.
/// </summary>
/// <remarks>
/// <para>Options of the address: <c>index</c> (name, default sounds), <c>timeout</c> (seconds for an answer, default 60), <c>cluster</c>
/// (name of a cluster in the servers' configuration) and <c>tls</c> (true for HTTPS). Where the index is made, the address names one server
/// of every shard (<c>clickhouse://a:8123,b:8123/db?cluster=c</c>), as tables are made on each; all else is asked of the first.</para>
/// <para>ClickHouse has neither transactions nor locks. Rows of a change count when its number is written, last: one that fails has not
/// happened. Two writers at a time are found by that number: the second fails, or, where both came that far, every later call. The program
/// that runs them has to let one write at a time.</para>
/// </remarks>
public static class ClickHouseIndex
{
    /// <summary>Schemes of addresses that lead here.</summary>
    public static IReadOnlyList<string> Schemes { get; } = ["clickhouse"];

    static readonly string[] _options = ["cluster", "tls"];

    /// <summary>Opens an index that is there.</summary>
    /// <param name="address">Such as <c>clickhouse://user@host:8123/database</c>.</param>
    /// <param name="modelFingerprint">The fingerprint of the model whose vectors will be searched or added; null where none will
    /// be.</param>
    /// <exception cref="OptionException">The address has another form.</exception>
    /// <exception cref="IndexException">There is no index, it was built with another model or by a newer version, or a server does not
    /// answer.</exception>
    public static async Task<RemoteAudioIndex> OpenAsync(string address, IndexAccess access, string? modelFingerprint = null,
        CancellationToken cancellationToken = default) =>
        await RemoteAudioIndex.OpenAsync(ServerOf(address), access, modelFingerprint, cancellationToken).ConfigureAwait(false);

    /// <summary>Opens an index for writing and makes it if it does not exist.</summary>
    /// <exception cref="OptionException">The address has another form.</exception>
    /// <exception cref="IndexException">It was built with other settings, or a server refuses or does not answer.</exception>
    public static async Task<RemoteAudioIndex> EnsureCollectionExistsAsync(string address, IndexSettings settings,
        CancellationToken cancellationToken = default) =>
        await RemoteAudioIndex.EnsureAsync(ServerOf(address), settings, cancellationToken).ConfigureAwait(false);

    static ClickHouseServer ServerOf(string address) => new(ServerAddress.Parse(address, _options));
}
