using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage;
using NativeRetrieval.Indexing.Storage.Searching;

namespace NativeRetrieval.Indexing;

public sealed partial class LocalAudioIndex
{
    FileTable? _files;

    /// <summary>The recordings, or windows, that answer a question by sound and words, best first.</summary>
    /// <exception cref="IndexException">A vector has another dimension, holds NaN or infinity, or is zero.</exception>
    /// <exception cref="OptionException">An option is out of its range.</exception>
    /// <exception cref="IndexCorruptException">The index is damaged.</exception>
    public async Task<LibraryHits> SearchAsync(LibraryIndexQuery query, CancellationToken cancellationToken = default) =>
        (await SearchBatchAsync([query], cancellationToken).ConfigureAwait(false))[0];

    /// <summary>The answers to several questions; those without filter and exclusion share one pass over the vectors.</summary>
    /// <returns>One list for each question.</returns>
    /// <inheritdoc cref="SearchAsync(LibraryIndexQuery, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<LibraryHits>> SearchBatchAsync(IReadOnlyList<LibraryIndexQuery> queries,
        CancellationToken cancellationToken = default)
    {
        var units = new List<float[]>(queries.Count);
        foreach (var query in queries)
        {
            query.Validated();
            if (query.Bank is { } bank && bank.Width != Settings.Dimension)
                throw new IndexException($"search: the vectors of the query bank have {bank.Width} values, the index {Settings.Dimension}");
            float[] unit = new float[Settings.Dimension];
            UnitVector.Of(query.Vector.Span, unit, () => "search: the query");
            units.Add(unit);
        }
        return ReadAsync<IReadOnlyList<LibraryHits>>(session =>
        {
            var table = FilesOf(session);
            FusedSearch[] searches = [.. queries.Zip(units, (query, unit) => new FusedSearch(this, session, table, query, unit))];
            FusedSearch.RankTogether(this, session, table, searches);
            var hits = new List<LibraryHits>(searches.Length);
            foreach (var search in searches)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hits.Add(search.Run());
            }
            return hits;
        }, cancellationToken);
    }

    /// <summary>The scores that hits are compared with; null where none were made.</summary>
    public IndexBackground? Background() => Read(session => new DetailsTable(session.Catalogue).ReadBackground());

    /// <summary>Replaces the scores that hits are compared with.</summary>
    public Task SetBackgroundAsync(IndexBackground background, CancellationToken cancellationToken = default) =>
        WriteAsync(writer =>
        {
            writer.SetBackground(background.Validated());
            return true;
        }, cancellationToken);

    /// <summary>
    /// Unit vectors of windows spread over the index, each of another file, the middle one of every n-th, with the file's text (empty: it
    /// has none).
    /// </summary>
    /// <param name="most">Most vectors to return.</param>
    public IReadOnlyList<(string Text, float[] Vector)> SampleVectors(int most) => Read(session =>
    {
        var files = FilesOf(session).Files;
        int count = (int)Math.Min(most, files.Count);
        return Enumerable.Range(0, count).Select(i =>
        {
            var file = session.Catalogue.FindByRow(files[(int)((long)i * files.Count / count)].FirstRow);
            string text = new DetailsTable(session.Catalogue).Read(file.FirstRow) is { } details
                ? FileText.Of(file.File.FullPath, details) : "";
            return (text, _format.Decode(session.CheckedRow(file, file.Windows.Length / 2)));
        }).ToList();
    });

    FileTable FilesOf(ReadSession session)
    {
        if (Volatile.Read(ref _files) is { } kept && kept.State == session.State) return kept;
        var loaded = FileTable.Load(session);
        Volatile.Write(ref _files, loaded);
        return loaded;
    }
}
