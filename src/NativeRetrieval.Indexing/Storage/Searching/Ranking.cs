using NativeRetrieval.Core.Search;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>The hits of one query, best first.</summary>
internal sealed class Ranking(HitCollector collector, int wanted, float minScore)
{
    readonly List<(float Score, long Row)> _found = [];
    readonly HashSet<(long FirstRow, int Windows)> _files = [];

    /// <summary>The rows of the ranking with their scores, best first.</summary>
    public IReadOnlyList<(float Score, long Row)> Found => _found;

    /// <summary>Appends rows that rank after all that are here.</summary>
    /// <param name="perFile">True to take only the first row of each file.</param>
    /// <returns>True if further rows could still be wanted.</returns>
    public bool Add(TopKList best, bool perFile)
    {
        int count = best.Count;
        float[] scores = new float[count];
        long[] rows = new long[count];
        best.Drain(scores, rows);
        for (int i = 0; i < count; i++)
        {
            if (_found.Count == wanted || scores[i] < minScore) return false;
            if (!perFile || _files.Add(collector.PlaceOf(rows[i]))) _found.Add((scores[i], rows[i]));
        }
        return count > 0 && _found.Count < wanted;
    }

    /// <summary>The rows of files that are not in the ranking.</summary>
    public List<SegmentRows> RowsWithoutFound()
    {
        var excluded = collector.Segments.ToDictionary(rows => rows.Id, rows => new RowBitmap(rows.Excluded).Copy());
        foreach (var (first, windows) in _files) excluded[RowId.Segment(first)].Set(RowId.Row(first), windows);
        return [.. collector.Segments.Select(rows => rows with { Excluded = excluded[rows.Id].Words })];
    }

    public IReadOnlyList<SearchHit> Hits(int skip)
    {
        var hits = new List<SearchHit>(Math.Max(0, _found.Count - skip));
        for (int i = skip; i < _found.Count; i++) hits.Add(collector.Hit(i + 1, _found[i].Score, _found[i].Row));
        return hits;
    }
}
