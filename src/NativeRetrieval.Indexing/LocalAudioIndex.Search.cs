using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage;
using NativeRetrieval.Indexing.Storage.Searching;

namespace NativeRetrieval.Indexing;

public sealed partial class LocalAudioIndex
{
    /// <summary>Windows looked at for each file asked for: overlapping windows of one file tend to rank together.</summary>
    const int WindowsPerFile = 4;

    const int MaxQueriesPerPass = 1024;

    /// <summary>
    /// Brings into memory what searches need: the list of files, and the vectors, each compared with its checksum, in the form that
    /// <see cref="Open(string, IndexAccess, string?, Device?)"/> describes. A process that searches many times reads the vectors' files
    /// once then, where the first two searches would each read them.
    /// </summary>
    /// <exception cref="IndexCorruptException">The index is damaged.</exception>
    public Task LoadAsync(CancellationToken cancellationToken = default) => ReadAsync(session =>
    {
        FilesOf(session);
        _search.Load(session);
        return true;
    }, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SearchHit>> SearchAsync(ReadOnlyMemory<float> query, AudioSearchOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        if (query.Length != Settings.Dimension)
            throw new IndexException($"search: the query has {query.Length} values, the index {Settings.Dimension}");
        return (await SearchBatchAsync(query, options, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<IReadOnlyList<SearchHit>>> SearchBatchAsync(ReadOnlyMemory<float> queries,
        AudioSearchOptions? options = null, CancellationToken cancellationToken = default)
    {
        var checkedOptions = (options ?? new AudioSearchOptions()).Validated();
        int dimension = Settings.Dimension;
        if (queries.Length == 0 || queries.Length % dimension != 0)
            throw new IndexException($"search: the queries have {queries.Length} values in all, not a multiple of the index's {dimension}");

        float[] units = new float[queries.Length];
        for (int q = 0; q < queries.Length / dimension; q++)
            UnitVector.Of(queries.Span.Slice(q * dimension, dimension), units.AsSpan(q * dimension, dimension), () => $"search: query {q}");

        return ReadAsync<IReadOnlyList<IReadOnlyList<SearchHit>>>(session =>
        {
            var search = new HitCollector(session, checkedOptions);
            var hits = new List<IReadOnlyList<SearchHit>>(units.Length / dimension);
            for (int at = 0; at < units.Length; at += MaxQueriesPerPass * dimension)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hits.AddRange(SearchPass(session, search, checkedOptions,
                    units.AsSpan(at, Math.Min(MaxQueriesPerPass * dimension, units.Length - at))));
            }
            return hits;
        }, cancellationToken);
    }

    List<IReadOnlyList<SearchHit>> SearchPass(ReadSession session, HitCollector search, AudioSearchOptions options,
        ReadOnlySpan<float> queries) =>
        [.. Rank(session, search, queries, (long)options.Skip + options.Top, options.Grouping == HitGrouping.BestWindowPerFile)
            .Select(ranking => ranking.Hits(options.Skip))];

    /// <summary>The best windows, or files, for each query.</summary>
    /// <param name="most">The most that are wanted.</param>
    internal List<Ranking> Rank(ReadSession session, HitCollector search, ReadOnlySpan<float> queries, long most, bool perFile)
    {
        int wanted = (int)Math.Min(most, search.SearchableRows);
        int windows = (int)Math.Min((long)wanted * (perFile ? WindowsPerFile : 1), search.SearchableRows);
        var best = _search.TopK(session, search.Segments, queries, windows);

        var rankings = new List<Ranking>(best.Length);
        for (int q = 0; q < best.Length; q++)
        {
            var ranking = search.NewRanking(wanted);
            bool more = ranking.Add(best[q], perFile);
            var query = queries.Slice(q * _format.Dimension, _format.Dimension);
            // Windows of few files took all places. These files are ranked: the search goes on without them.
            while (more && perFile)
                more = ranking.Add(_search.TopK(session, ranking.RowsWithoutFound(), query, windows)[0], perFile);
            rankings.Add(ranking);
        }
        return rankings;
    }
}
