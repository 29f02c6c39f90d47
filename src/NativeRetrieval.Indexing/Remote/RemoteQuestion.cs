using NativeRetrieval.Indexing.Storage.Searching;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>One search by sound, words and meaning on a server: the steps of <see cref="FusedSearch"/>, by its rules.</summary>
internal sealed class RemoteQuestion(IServerSession session, ExactRanking ranking, RemoteTexts texts, WordTokens tokens,
    LibraryIndexQuery query, float[] unit, IReadOnlyList<float[]> unwanted)
{
    readonly bool _perFile = query.Grouping == HitGrouping.BestWindowPerFile;
    readonly float _minScore = query.Filter.MinScore ?? float.NegativeInfinity;

    /// <summary>First rows, ascending, of all files that sound, words or meaning have found: the place of each.</summary>
    long[] _files = [];

    public async Task<LibraryHits> RunAsync(CancellationToken cancellation)
    {
        var selection = new Selection { Filter = query.Filter, Without = await UnwantedByWordsAsync(cancellation).ConfigureAwait(false) };
        int depth = Fusion.Depth(query);
        var bySound = await ranking.OfAsync(unit, unwanted, selection, depth, _perFile, _minScore, cancellation).ConfigureAwait(false);
        var scale = await session.ReadTextScaleAsync(cancellation).ConfigureAwait(false);
        var evidence = await EvidenceAsync(bySound, scale, selection, cancellation).ConfigureAwait(false);
        var background = await session.ReadBackgroundAsync(cancellation).ConfigureAwait(false);
        var fusion = new Fusion(query, evidence, background, scale);

        var windows = bySound.ToDictionary(found => found.Row);
        var items = bySound.Select((found, i) => fusion.Item(found.Score, found.Row, PlaceOf(found.FirstRow), i + 1)).ToList();
        long[] others = [.. fusion.Others(items.Select(item => item.Place).ToHashSet()).Select(file => _files[file])];
        if (others.Length > 0)
            foreach (var found in await ranking.OfAsync(unit, unwanted, new Selection { Only = others }, others.Length, perFile: true,
                _minScore, cancellation).ConfigureAwait(false))
            {
                windows[found.Row] = found;
                items.Add(fusion.Item(found.Score, found.Row, PlaceOf(found.FirstRow), null));
            }
        long total = bySound.Count < depth ? bySound.Count
            : await ranking.CountAsync(unit, unwanted, selection, _perFile, _minScore, cancellation).ConfigureAwait(false);
        return new LibraryHits(await HitsAsync(fusion.Page(items), windows, evidence, fusion.Quantiles, cancellation)
            .ConfigureAwait(false), total);
    }

    int PlaceOf(long firstRow) => Array.BinarySearch(_files, firstRow);

    async Task<TextEvidence> EvidenceAsync(IReadOnlyList<Found> bySound, TextScale? scale, Selection selection,
        CancellationToken cancellation)
    {
        var lists = new List<Dictionary<long, double>>();
        foreach (string term in TextEvidence.Terms(query)) lists.Add(await ScoresAsync(term, cancellation).ConfigureAwait(false));
        var byMeaning = scale is not null && TextEvidence.HasMeaning(query)
            ? await texts.NearestAsync(query, scale, selection, cancellation).ConfigureAwait(false) : null;
        long[] passing = [.. bySound.Select(found => found.FirstRow).Concat(byMeaning ?? [])];
        _files = [.. passing.Concat(lists.SelectMany(list => list.Keys)).Distinct().Order()];
        bool[]? allowed = null;
        if (!new FileFilter(selection.Filter).IsOpen || selection.Without.Count > 0)
        {
            allowed = new bool[_files.Length];
            foreach (long file in passing) allowed[PlaceOf(file)] = true;
            if (_files.Length > 0)
                foreach (var file in await session.PassingAsync(selection with { Only = _files }, cancellation).ConfigureAwait(false))
                    allowed[PlaceOf(file.FirstRow)] = true;
        }
        var evidence = new TextEvidence(query, _files.Length, [.. lists.Select(ListOf)], allowed);
        if (byMeaning is not null && await texts.OfAsync(_files, [.. bySound.Select(found => found.FirstRow),
            .. evidence.FoundByWords.Select(file => _files[file])], cancellation).ConfigureAwait(false) is { Width: > 0 } rows)
            evidence.AddMeaning(rows, scale!, allowed);
        return evidence;
    }

    WordList ListOf(Dictionary<long, double> scores)
    {
        long[] files = [.. scores.Keys.Order()];
        return new WordList([.. files.Select(PlaceOf)], [.. files.Select(file => scores[file])]);
    }

    /// <summary>Files whose text has all words of an unwanted set.</summary>
    async Task<IReadOnlyCollection<long>> UnwantedByWordsAsync(CancellationToken cancellation)
    {
        var files = new HashSet<long>();
        foreach (var words in query.WithoutWords.Where(words => words.Count > 0))
        {
            HashSet<long>? all = null;
            foreach (string word in words)
            {
                var found = (await ScoresAsync(word, cancellation).ConfigureAwait(false)).Keys;
                if (all is null) all = [.. found];
                else all.IntersectWith(found);
            }
            files.UnionWith(all!);
        }
        return files;
    }

    Task<Dictionary<long, double>> ScoresAsync(string word, CancellationToken cancellation) =>
        WordScores.OfAsync(session, tokens.Of(word), cancellation);

    async Task<IReadOnlyList<LibraryHit>> HitsAsync(List<FusedItem> items, Dictionary<long, Found> windows, TextEvidence evidence,
        IReadOnlyList<float> quantiles, CancellationToken cancellation)
    {
        if (items.Count == 0) return [];
        var files = (await session.FilesAsync(new FileChoice { FirstRows = [.. items.Select(item => _files[item.Place]).Distinct()] },
            cancellation).ConfigureAwait(false)).ToDictionary(file => PlaceOf(file.FirstRow));
        var stretches = _perFile ? await StretchesAsync(items, files, cancellation).ConfigureAwait(false) : [];
        var hits = new List<LibraryHit>(items.Count);
        foreach (var item in items)
        {
            var (file, mark) = (files[item.Place], windows[item.Row].Mark);
            int? wordRank = evidence.WordRank(item.Place);
            hits.Add(new LibraryHit
            {
                Rank = query.Skip + hits.Count + 1, Path = file.File.FullPath, StartSeconds = mark.StartSeconds,
                EndSeconds = mark.EndSeconds, Score = item.Score, RowId = item.Row,
                Percentile = IndexBackground.PercentileOf(quantiles, item.Score), SoundRank = item.SoundRank, WordRank = wordRank,
                MeaningRank = evidence.MeaningRank(item.Place), MatchedWords = wordRank is null ? [] : evidence.Matched(item.Place),
                Stretches = stretches.GetValueOrDefault(item.Place)
                    ?? [new SoundStretch(mark.StartSeconds, mark.EndSeconds, item.Score)],
                Details = file.Details,
            });
        }
        return hits;
    }

    async Task<Dictionary<int, IReadOnlyList<SoundStretch>>> StretchesAsync(List<FusedItem> items, Dictionary<int, StoredFile> files,
        CancellationToken cancellation)
    {
        var best = items.Where(item => files[item.Place].Windows > 1).ToDictionary(item => item.Place, item => item.Score);
        if (best.Count == 0) return [];
        var found = await ranking.WindowsOfAsync(unit, unwanted, [.. best.Keys.Select(file => _files[file])],
            best.Values.Min(Fusion.LeastOfStretches), cancellation).ConfigureAwait(false);
        return found.GroupBy(window => PlaceOf(window.FirstRow)).ToDictionary(group => group.Key, group => Fusion.Joined(
            group.OrderBy(window => window.Row).Select(window => (window.Mark.StartSeconds, window.Mark.EndSeconds, window.Score)),
            best[group.Key]));
    }
}
