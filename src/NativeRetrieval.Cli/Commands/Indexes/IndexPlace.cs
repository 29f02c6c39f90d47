using NativeRetrieval.ClickHouse;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Remote;
using NativeRetrieval.Postgres;

namespace NativeRetrieval.Cli.Commands.Indexes;

/// <summary>The place of an index: a folder, or an address such as <c>postgres://host/database</c>.</summary>
internal sealed class IndexPlace
{
    readonly string _text;

    IndexPlace(string text) => _text = text;

    /// <summary>True where a server has the index.</summary>
    public bool IsServer => ServerAddress.IsAddress(_text);

    /// <summary>The folder, or the address without its password, for messages.</summary>
    public string Name => IsServer ? ServerAddress.Hidden(_text) : _text;

    /// <summary>The value of an option or argument.</summary>
    /// <exception cref="OptionException">It is an address of a scheme that is not known.</exception>
    public static IndexPlace Of(string text)
    {
        if (ServerAddress.IsAddress(text) && !Is(PostgresIndex.Schemes, text) && !Is(ClickHouseIndex.Schemes, text))
            throw new OptionException($"{text[..text.IndexOf(':', StringComparison.Ordinal)]}://…: no such kind of index; it is a folder, "
                + "postgres://… or clickhouse://…");
        return new IndexPlace(text);
    }

    /// <inheritdoc cref="Of(string)"/>
    public static IndexPlace Of(DirectoryInfo value) => Of(ServerAddress.IsAddress(value.ToString()) ? value.ToString() : value.FullName);

    /// <summary>The folder of an index.</summary>
    /// <param name="command">Command that works on folders alone.</param>
    /// <exception cref="OptionException">A server has the index.</exception>
    public static string FolderOf(string text, string command)
    {
        var place = Of(text);
        return place.IsServer ? throw new OptionException($"{command} works on an index in a folder, not on {place.Name}, which is a "
            + $"server's")
            : place.Name;
    }

    /// <summary>Opens the index.</summary>
    /// <param name="device">Device that keeps a folder's vectors; null: none. A server searches for itself.</param>
    public async Task<ILibraryIndex> OpenAsync(Device? device, CancellationToken cancellation) =>
        !IsServer ? LocalAudioIndex.Open(Name, IndexAccess.Read, device: device)
        : Is(PostgresIndex.Schemes, _text)
            ? await PostgresIndex.OpenAsync(_text, IndexAccess.Read, cancellationToken: cancellation)
            : await ClickHouseIndex.OpenAsync(_text, IndexAccess.Read, cancellationToken: cancellation);

    /// <summary>Opens the index for writing and makes it if it does not exist.</summary>
    public async Task<ILibraryIndex> EnsureAsync(IndexSettings settings, CancellationToken cancellation) =>
        !IsServer ? LocalAudioIndex.EnsureCollectionExists(Name, settings, repair: true)
        : Is(PostgresIndex.Schemes, _text) ? await PostgresIndex.EnsureCollectionExistsAsync(_text, settings, cancellation)
        : await ClickHouseIndex.EnsureCollectionExistsAsync(_text, settings, cancellation);

    /// <summary>The settings of an index that is there and can be read; null: there is none, or what opens it next says why.</summary>
    public async Task<IndexSettings?> SettingsAsync(CancellationToken cancellation)
    {
        if (!IsServer && !Directory.Exists(Name)) return null;
        try
        {
            using var index = await OpenAsync(device: null, cancellation);
            return index.Settings;
        }
        catch (NativeRetrievalException)
        {
            return null;
        }
    }

    static bool Is(IReadOnlyList<string> schemes, string text) =>
        schemes.Any(scheme => text.StartsWith($"{scheme}://", StringComparison.OrdinalIgnoreCase));
}
