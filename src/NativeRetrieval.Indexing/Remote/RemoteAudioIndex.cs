using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>
/// An index on a database server: the same answers as from a folder with the same files, to the last bit of a score. The server filters and
/// ranks by its own arithmetic; the windows that may belong to the answer are fetched, compared with their checksums and scored here.
/// </summary>
/// <remarks>
/// Each call sees one commit, whole. Row ids are counted through and differ from those of a folder. An index is opened by
/// <c>PostgresIndex</c> or <c>ClickHouseIndex</c>, each in the assembly of its name.
/// </remarks>
public sealed partial class RemoteAudioIndex : ILibraryIndex
{
    readonly IIndexServer _server;
    readonly SegmentFormat _format;
    readonly WordTokens _tokens = new();
    readonly bool _isWritable;

    RemoteAudioIndex(IIndexServer server, IndexSettings settings, IndexAccess access)
    {
        (_server, Settings, _isWritable) = (server, settings, access == IndexAccess.Write);
        _format = new SegmentFormat(settings.Dimension, settings.Element, Guid.Empty);
    }

    /// <inheritdoc/>
    public IndexSettings Settings { get; }

    /// <inheritdoc/>
    public string Place => _server.Place;

    /// <summary>Opens an index that is there.</summary>
    /// <param name="server">Belongs to the index from now on; closed where this fails, too.</param>
    /// <exception cref="IndexException">There is none, or it was built with another model.</exception>
    internal static async Task<RemoteAudioIndex> OpenAsync(IIndexServer server, IndexAccess access, string? modelFingerprint,
        CancellationToken cancellation)
    {
        try
        {
            var settings = await server.ReadSettingsAsync(cancellation).ConfigureAwait(false)
                ?? throw new IndexException($"{server.Place}: there is no index; build one with `nativeretrieval index … --to`");
            if (modelFingerprint is not null && modelFingerprint != settings.ModelFingerprint)
                throw new IndexException($"{server.Place}: was built with model {settings.ModelId} (fingerprint "
                    + $"{Short(settings.ModelFingerprint)}), not with the one given (fingerprint {Short(modelFingerprint)}); "
                    + "their vectors cannot be compared: use that model, or build a new index with this one");
            return new RemoteAudioIndex(server, settings, access);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Opens an index for writing and makes it if it does not exist.</summary>
    /// <param name="server">Belongs to the index from now on; closed where this fails, too.</param>
    /// <exception cref="IndexException">It was built with other settings.</exception>
    internal static async Task<RemoteAudioIndex> EnsureAsync(IIndexServer server, IndexSettings settings, CancellationToken cancellation)
    {
        settings.Validated();
        try
        {
            var made = await server.ReadSettingsAsync(cancellation).ConfigureAwait(false);
            if (made is null)
            {
                await server.CreateAsync(settings, cancellation).ConfigureAwait(false);
                made = await server.ReadSettingsAsync(cancellation).ConfigureAwait(false)
                    ?? throw new IndexException($"{server.Place}: the index that was just made is not there");
            }
            if (made == settings with { ModelId = made.ModelId }) return new RemoteAudioIndex(server, made, IndexAccess.Write);
            throw new IndexException($"{server.Place}: was built with other settings: {made}; asked for: {settings}");
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    static string Short(string fingerprint) => fingerprint.Length > 12 ? fingerprint[..12] + "…" : fingerprint;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SearchHit>> SearchAsync(ReadOnlyMemory<float> query, AudioSearchOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        if (query.Length != Settings.Dimension)
            throw new IndexException($"search: the query has {query.Length} values, the index {Settings.Dimension}");
        return (await SearchBatchAsync(query, options, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IReadOnlyList<SearchHit>>> SearchBatchAsync(ReadOnlyMemory<float> queries,
        AudioSearchOptions? options = null, CancellationToken cancellationToken = default)
    {
        var choice = (options ?? new AudioSearchOptions()).Validated();
        int dimension = Settings.Dimension;
        if (queries.Length == 0 || queries.Length % dimension != 0)
            throw new IndexException($"search: the queries have {queries.Length} values in all, not a multiple of the index's {dimension}");
        float[][] units = [.. Enumerable.Range(0, queries.Length / dimension)
            .Select(q => Unit(queries.Slice(q * dimension, dimension), $"search: query {q}"))];
        await using var session = await _server.BeginReadAsync(Settings, cancellationToken).ConfigureAwait(false);
        var ranking = new ExactRanking(session, _format, Place);
        var selection = new Selection { Path = choice.PathFilter is { } glob ? new PathGlob(glob) : null };
        var lists = new List<IReadOnlyList<SearchHit>>(units.Length);
        foreach (float[] unit in units)
        {
            var found = await ranking.OfAsync(unit, [], selection, choice.Skip + choice.Top,
                choice.Grouping == HitGrouping.BestWindowPerFile, choice.MinScore, cancellationToken).ConfigureAwait(false);
            var page = found.Skip(choice.Skip).ToList();
            var files = await FilesOfAsync(session, page.Select(item => item.FirstRow), cancellationToken).ConfigureAwait(false);
            lists.Add([.. page.Select((item, i) => new SearchHit(choice.Skip + i + 1, files[item.FirstRow].File.FullPath,
                item.Mark.StartSeconds, item.Mark.EndSeconds, item.Score, item.Row))]);
        }
        return lists;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LibraryHits>> SearchBatchAsync(IReadOnlyList<LibraryIndexQuery> queries,
        CancellationToken cancellationToken = default)
    {
        var asked = new List<(LibraryIndexQuery Query, float[] Unit, float[][] Unwanted)>(queries.Count);
        foreach (var query in queries)
        {
            query.Validated();
            if (query.Bank is not null)
                throw new OptionException($"search: {Place}: a query bank is compared with an index in a folder alone; leave it out");
            asked.Add((query, Unit(query.Vector, "search: the query"),
                [.. query.WithoutVectors.Select(vector => Unit(vector, "search: what is not wanted"))]));
        }
        await using var session = await _server.BeginReadAsync(Settings, cancellationToken).ConfigureAwait(false);
        var ranking = new ExactRanking(session, _format, Place);
        var lists = new List<LibraryHits>(asked.Count);
        foreach (var (query, unit, unwanted) in asked)
            lists.Add(await new RemoteQuestion(session, ranking, new RemoteTexts(session, Place), _tokens, query, unit, unwanted)
                .RunAsync(cancellationToken).ConfigureAwait(false));
        return lists;
    }

    float[] Unit(ReadOnlyMemory<float> vector, string subject)
    {
        float[] unit = new float[Settings.Dimension];
        UnitVector.Of(vector.Span, unit, () => subject);
        return unit;
    }

    static async Task<Dictionary<long, StoredFile>> FilesOfAsync(IServerSession session, IEnumerable<long> firstRows,
        CancellationToken cancellation)
    {
        long[] rows = [.. firstRows.Distinct()];
        if (rows.Length == 0) return [];
        return (await session.FilesAsync(new FileChoice { FirstRows = rows }, cancellation).ConfigureAwait(false))
            .ToDictionary(file => file.FirstRow);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        _server.Dispose();
        _tokens.Dispose();
    }
}
