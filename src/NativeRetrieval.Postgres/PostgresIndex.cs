using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;

namespace NativeRetrieval.Postgres;

/// <summary>
/// Indexes in PostgreSQL with pgvector, each in a schema <c>nativeretrieval_NAME</c> of the database. Rows are read one by one, without an
/// approximate index. The password may stand in the address; better in <c>PGPASSWORD</c> or <c>~/.pgpass</c>, which no list of processes
/// shows.
/// </summary>
/// <remarks>
/// Options of the address: <c>index</c> (name, default sounds), <c>timeout</c> (seconds for an answer, default 60), <c>connections</c>
/// (most
/// at a time, default 8), <c>sslmode</c> (disable, allow, prefer, require, verify-ca or verify-full; default prefer) and, where the index
/// is
/// made, <c>scan</c>: <c>halfvec</c> keeps a copy of each vector in 16 bits, which searches read first and which takes half the time, the
/// default from pgvector 0.7 on; <c>vector</c> keeps none.
/// </remarks>
public static class PostgresIndex
{
    /// <summary>Schemes of addresses that lead here.</summary>
    public static IReadOnlyList<string> Schemes { get; } = ["postgres", "postgresql"];

    static readonly string[] _options = ["connections", "sslmode", "scan"];

    /// <summary>Opens an index that is there.</summary>
    /// <param name="address">Such as <c>postgres://user@host/database</c>.</param>
    /// <param name="modelFingerprint">The fingerprint of the model whose vectors will be searched or added; null where none will
    /// be.</param>
    /// <exception cref="OptionException">The address has another form.</exception>
    /// <exception cref="IndexException">There is no index, it was built with another model or by a newer version, or the server does not
    /// answer.</exception>
    public static async Task<RemoteAudioIndex> OpenAsync(string address, IndexAccess access, string? modelFingerprint = null,
        CancellationToken cancellationToken = default) =>
        await RemoteAudioIndex.OpenAsync(ServerOf(address), access, modelFingerprint, cancellationToken).ConfigureAwait(false);

    /// <summary>Opens an index for writing and makes it if it does not exist. Making one takes the right to make a schema, and the
    /// extension
    /// vector where the database has it not yet.</summary>
    /// <exception cref="OptionException">The address has another form.</exception>
    /// <exception cref="IndexException">It was built with other settings, or the server refuses or does not answer.</exception>
    public static async Task<RemoteAudioIndex> EnsureCollectionExistsAsync(string address, IndexSettings settings,
        CancellationToken cancellationToken = default) =>
        await RemoteAudioIndex.EnsureAsync(ServerOf(address), settings, cancellationToken).ConfigureAwait(false);

    static PostgresServer ServerOf(string address) => new(ServerAddress.Parse(address, _options));
}
