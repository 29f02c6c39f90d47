using System.Runtime.InteropServices;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>One search by sound and words within a session; see <see cref="LibraryIndexQuery"/>.</summary>
internal sealed class FusedSearch(LocalAudioIndex index, ReadSession session, FileTable table, LibraryIndexQuery query, float[] unit)
{
    readonly string[] _terms = Fusion.Terms(query);

    readonly DetailsTable _details = new(session.Catalogue);

    /// <summary>The files with each term; none where words do not count.</summary>
    WordList[] _lists = [];

    readonly bool _perFile = query.Grouping == HitGrouping.BestWindowPerFile;
    readonly float _minScore = query.Filter.MinScore ?? float.NegativeInfinity;

    IReadOnlyList<(float Score, long Row)>? _ranked;

    int Depth => Fusion.Depth(query);

    /// <summary>True where every file may be found.</summary>
    bool TakesAllFiles => new FileFilter(query.Filter).IsOpen && query.WithoutWords.All(words => words.Count == 0);

    /// <summary>True where every row may be found: such searches can share a pass.</summary>
    bool IsOpen => TakesAllFiles && query.WithoutVectors.Count == 0;

    /// <summary>Ranks by sound for several searches in one pass, where they look at the same rows.</summary>
    public static void RankTogether(LocalAudioIndex index, ReadSession session, FileTable table, IReadOnlyList<FusedSearch> searches)
    {
        foreach (var group in searches.Where(search => search.IsOpen).GroupBy(search => (search._minScore, search._perFile)))
        {
            FusedSearch[] all = [.. group];
            if (all.Length == 1) continue;
            var collector = new HitCollector(session, table, session.Rows.Segments, group.Key._minScore);
            float[] units = [.. all.SelectMany(search => search.Unit)];
            var rankings = index.Rank(session, collector, units, all.Max(search => search.Depth), group.Key._perFile);
            for (int i = 0; i < all.Length; i++) all[i]._ranked = [.. rankings[i].Found.Take(all[i].Depth)];
        }
    }

    float[] Unit => unit;

    public IReadOnlyList<LibraryHit> Run()
    {
        bool[]? allowed = TakesAllFiles ? null : Allowed();
        var segments = WithoutUnwanted(allowed is null ? session.Rows.Segments
            : FileTable.RowsOf(session.Rows.Segments, table.Files.Where((_, place) => allowed[place])));
        var collector = new HitCollector(session, table, segments, _minScore);
        var bySound = _ranked ?? index.Rank(session, collector, unit, Depth, _perFile)[0].Found;
        if (query.WordWeight > 0) _lists = [.. _terms.Select(term => table.Words.Of(_details, term))];
        var byWords = WordRanks(allowed);

        var items = new List<FusedItem>(bySound.Count);
        for (int i = 0; i < bySound.Count; i++)
        {
            long file = collector.PlaceOf(bySound[i].Row).FirstRow;
            items.Add(new FusedItem(bySound[i].Score, bySound[i].Row, file, i + 1, byWords.TryGetValue(file, out int rank) ? rank : null));
        }
        var found = items.Select(item => item.File).ToHashSet();
        var others = byWords.OrderBy(pair => pair.Value).Select(pair => pair.Key).Where(row => !found.Contains(row))
            .Take(Fusion.MostByWords(query)).Select(row => table.FileOf(row)!).ToList();
        if (others.Count > 0)
        {
            var rest = new HitCollector(session, table, FileTable.RowsOf(segments, others), _minScore);
            foreach (var (score, row) in index.Rank(session, rest, unit, others.Count, perFile: true)[0].Found)
            {
                long file = rest.PlaceOf(row).FirstRow;
                items.Add(new FusedItem(score, row, file, null, byWords[file]));
            }
        }
        return Hits(collector, segments, Fusion.Ranked(query, items));
    }

    /// <summary>True at the place of each file that passes the filter and has no unwanted words.</summary>
    bool[] Allowed()
    {
        var filter = new FileFilter(query.Filter);
        bool[] allowed = [.. table.Files.Select(file => filter.IsOpen || filter.Passes(file))];
        foreach (var words in query.WithoutWords.Where(words => words.Count > 0))
        {
            WordList[] lists = [.. words.Select(word => table.Words.Of(_details, word))];
            foreach (int place in lists[0].Places)
                if (lists.Skip(1).All(list => list.Has(place))) allowed[place] = false;
        }
        return allowed;
    }

    /// <summary>Ranks by words of files that pass, by their first row: the best BM25 first, equal ones in the order of rows.</summary>
    /// <param name="allowed">True at the places of these files; null: all pass.</param>
    Dictionary<long, int> WordRanks(bool[]? allowed)
    {
        if (_lists.Length == 0) return [];
        double[] scores = new double[table.Files.Count];
        foreach (var list in _lists)
            for (int i = 0; i < list.Places.Length; i++) scores[list.Places[i]] += list.Scores[i];
        // The worst of those kept leaves first.
        var best = new PriorityQueue<int, (double Score, int Before)>(Depth + 1);
        for (int place = 0; place < scores.Length; place++)
        {
            if (scores[place] == 0 || allowed?[place] == false) continue;
            if (best.Count < Depth) best.Enqueue(place, (scores[place], -place));
            else best.EnqueueDequeue(place, (scores[place], -place));
        }
        var ranks = new Dictionary<long, int>(best.Count);
        while (best.TryDequeue(out int place, out _)) ranks.Add(table.Files[place].FirstRow, best.Count + 1);
        return ranks;
    }

    /// <summary>The segments without the windows that are more similar to something unwanted than to the query.</summary>
    IReadOnlyList<SegmentRows> WithoutUnwanted(IReadOnlyList<SegmentRows> segments)
    {
        if (query.WithoutVectors.Count == 0) return segments;
        int width = unit.Length, rows = (int)Math.Min(int.MaxValue, new HitCollector(session, table, segments, _minScore).SearchableRows);
        var vectors = new List<float>(unit);
        foreach (var vector in query.WithoutVectors)
        {
            float[] other = new float[width];
            UnitVector.Of(vector.Span, other, () => "search: what is not wanted");
            vectors.AddRange(other);
        }
        var lists = index.RowSearch.TopK(session, segments, CollectionsMarshal.AsSpan(vectors), rows);
        var scoreOf = Drained(lists[0]).ToDictionary(pair => pair.Row, pair => pair.Score);
        var excluded = segments.ToDictionary(segment => segment.Id, segment => new RowBitmap(segment.Excluded).Copy());
        foreach (var list in lists.Skip(1))
            foreach (var (score, row) in Drained(list))
                if (score > scoreOf[row]) excluded[RowId.Segment(row)].Set(RowId.Row(row), 1);
        return [.. segments.Select(segment => segment with { Excluded = excluded[segment.Id].Words })];
    }

    static IEnumerable<(float Score, long Row)> Drained(Core.Search.TopKList list)
    {
        float[] scores = new float[list.Count];
        long[] rows = new long[list.Count];
        list.Drain(scores, rows);
        return scores.Zip(rows);
    }

    List<LibraryHit> Hits(HitCollector collector, IReadOnlyList<SegmentRows> segments, List<FusedItem> items)
    {
        var background = _details.ReadBackground();
        var quantiles = (query.IsSound ? background?.Sounds : background?.Sentences) ?? [];
        var stretches = _perFile ? Stretches(collector, segments, items) : [];
        var hits = new List<LibraryHit>(items.Count);
        foreach (var item in items)
        {
            var hit = collector.Hit(query.Skip + hits.Count + 1, item.Score, item.Row);
            var file = collector.FileOf(item.Row);
            hits.Add(new LibraryHit
            {
                Rank = hit.Rank, Path = hit.Path, StartSeconds = hit.StartSeconds, EndSeconds = hit.EndSeconds, Score = hit.Score,
                RowId = hit.RowId, Percentile = IndexBackground.PercentileOf(quantiles, item.Score),
                SoundRank = item.SoundRank, WordRank = item.WordRank,
                MatchedWords = item.WordRank is null ? []
                    : [.. _terms.Where((_, term) => _lists[term].Has(table.PlaceOf(item.File)))],
                Stretches = stretches.GetValueOrDefault(item.File) ?? [new SoundStretch(hit.StartSeconds, hit.EndSeconds, hit.Score)],
                Details = _details.Read(item.File) ?? new SoundDetails { DurationSeconds = file.Windows[^1].EndSeconds },
            });
        }
        return hits;
    }

    /// <summary>Windows near the best one's score, joined where they touch, by the file's first row.</summary>
    Dictionary<long, IReadOnlyList<SoundStretch>> Stretches(HitCollector collector, IReadOnlyList<SegmentRows> segments,
        List<FusedItem> items)
    {
        var files = items.Select(item => table.FileOf(item.File)!).Where(file => file.Windows > 1).ToList();
        if (files.Count == 0) return [];
        var best = items.ToDictionary(item => item.File, item => item.Score);
        var list = index.RowSearch.TopK(session, FileTable.RowsOf(segments, files), unit, files.Sum(file => file.Windows))[0];
        return Drained(list).GroupBy(pair => collector.PlaceOf(pair.Row).FirstRow)
            .ToDictionary(group => group.Key, group => Fusion.Joined(group.OrderBy(pair => pair.Row).Select(pair =>
            {
                var file = collector.FileOf(group.Key);
                var (start, end, _) = file.Windows[(int)(pair.Row - file.FirstRow)];
                return (start, end, pair.Score);
            }), best[group.Key]));
    }
}
