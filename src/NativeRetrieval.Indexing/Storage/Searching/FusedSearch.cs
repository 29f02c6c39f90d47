using System.Runtime.InteropServices;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>One search by sound and words within a session; see <see cref="LibraryIndexQuery"/>.</summary>
internal sealed class FusedSearch(LocalAudioIndex index, ReadSession session, FileTable table, LibraryIndexQuery query, float[] unit)
{
    /// <summary>Rows whose vectors are in memory for their hubness.</summary>
    const int RowsAtOnce = 256;

    readonly DetailsTable _details = new(session.Catalogue);

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

    public LibraryHits Run()
    {
        bool[]? allowed = TakesAllFiles ? null : Allowed();
        var segments = WithoutUnwanted(allowed is null ? session.Rows.Segments
            : FileTable.RowsOf(session.Rows.Segments, table.Files.Where((_, place) => allowed[place])));
        var collector = new HitCollector(session, table, segments, _minScore);
        var bySound = WithHubness(collector, _ranked ?? index.Rank(session, collector, unit, Depth, _perFile)[0].Found);
        var scale = new TextTable(session.Catalogue).ReadScale();
        var texts = Evidence(scale, allowed);
        var fusion = new Fusion(query, texts, _details.ReadBackground(), scale);

        var items = new List<FusedItem>(bySound.Count);
        for (int i = 0; i < bySound.Count; i++)
            items.Add(fusion.Item(bySound[i].Score, bySound[i].Row, table.PlaceOf(collector.PlaceOf(bySound[i].Row).FirstRow), i + 1,
                bySound[i].Hubness));
        var others = fusion.Others(items.Select(item => item.Place).ToHashSet()).Select(place => table.Files[place]).ToList();
        if (others.Count > 0)
        {
            var rest = new HitCollector(session, table, FileTable.RowsOf(segments, others), _minScore);
            foreach (var (score, row, hubness) in WithHubness(rest, index.Rank(session, rest, unit, others.Count, perFile: true)[0].Found))
                items.Add(fusion.Item(score, row, table.PlaceOf(rest.PlaceOf(row).FirstRow), null, hubness));
        }
        return new LibraryHits(Hits(collector, segments, fusion.Page(items), fusion.Quantiles, texts), Total(collector, bySound.Count));
    }

    /// <summary>Rows with the hubness that the query's bank gives them, those first whose score exceeds it most; as they are, where the
    /// query has none.</summary>
    IReadOnlyList<(float Score, long Row, double Hubness)> WithHubness(HitCollector collector, IReadOnlyList<(float Score, long Row)> found)
    {
        if (query.Bank is not { } bank) return [.. found.Select(item => (item.Score, item.Row, 0.0))];
        return [.. found.Chunk(RowsAtOnce).SelectMany(rows =>
                rows.Zip(bank.HubnessOf([.. rows.SelectMany(item => Vector(collector.FileOf(item.Row), item.Row))]), (item, hubness) =>
                    (item.Score, item.Row, Hubness: hubness)))
            .OrderByDescending(item => item.Score - item.Hubness).ThenBy(item => item.Row)];
    }

    float[] Vector(FileRecord file, long row) => index.Format.Decode(session.CheckedRow(file, (int)(row - file.FirstRow)));

    TextEvidence Evidence(TextScale? scale, bool[]? allowed)
    {
        var texts = new TextEvidence(query, table.Files.Count,
            [.. TextEvidence.Terms(query).Select(term => table.Words.Of(_details, term))], allowed);
        if (scale is not null && TextEvidence.HasMeaning(query) && table.Texts(session) is { Width: > 0 } rows)
            texts.AddMeaning(rows, scale, allowed);
        return texts;
    }

    /// <summary>Number of files, or windows, that could be hits.</summary>
    long Total(HitCollector collector, int ranked)
    {
        if (ranked < Depth && !float.IsNegativeInfinity(_minScore)) return ranked;
        if (!float.IsNegativeInfinity(_minScore))
            return index.Rank(session, collector, unit, int.MaxValue, _perFile)[0].Found.Count;
        return _perFile ? FilesIn(collector.Segments) : collector.SearchableRows;
    }

    /// <summary>Number of files of which a row can be found.</summary>
    long FilesIn(IReadOnlyList<SegmentRows> segments)
    {
        if (IsOpen) return table.Files.Count;
        var excluded = segments.ToDictionary(rows => rows.Id, rows => new RowBitmap(rows.Excluded));
        return table.Files.Count(file => excluded.TryGetValue(RowId.Segment(file.FirstRow), out var rows)
            && Enumerable.Range(RowId.Row(file.FirstRow), file.Windows).Any(row => !rows[row]));
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

    List<LibraryHit> Hits(HitCollector collector, IReadOnlyList<SegmentRows> segments, List<FusedItem> items,
        IReadOnlyList<float> quantiles, TextEvidence texts)
    {
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
                SoundRank = item.SoundRank, WordRank = texts.WordRank(item.Place), MeaningRank = texts.MeaningRank(item.Place),
                MatchedWords = texts.WordRank(item.Place) is null ? [] : texts.Matched(item.Place),
                Stretches = stretches.GetValueOrDefault(item.Place) ?? [new SoundStretch(hit.StartSeconds, hit.EndSeconds, hit.Score)],
                Details = _details.Read(table.Files[item.Place].FirstRow)
                    ?? new SoundDetails { DurationSeconds = file.Windows[^1].EndSeconds },
            });
        }
        return hits;
    }

    /// <summary>Windows near the best one's score, joined where they touch, by the file's place.</summary>
    Dictionary<int, IReadOnlyList<SoundStretch>> Stretches(HitCollector collector, IReadOnlyList<SegmentRows> segments,
        List<FusedItem> items)
    {
        var files = items.Select(item => table.Files[item.Place]).Where(file => file.Windows > 1).ToList();
        if (files.Count == 0) return [];
        var best = items.ToDictionary(item => item.Place, item => item.Score);
        var list = index.RowSearch.TopK(session, FileTable.RowsOf(segments, files), unit, files.Sum(file => file.Windows))[0];
        return Drained(list).GroupBy(pair => table.PlaceOf(collector.PlaceOf(pair.Row).FirstRow))
            .ToDictionary(group => group.Key, group => Fusion.Joined(group.OrderBy(pair => pair.Row).Select(pair =>
            {
                var file = collector.FileOf(table.Files[group.Key].FirstRow);
                var (start, end, _) = file.Windows[(int)(pair.Row - file.FirstRow)];
                return (start, end, pair.Score);
            }), best[group.Key]));
    }
}
