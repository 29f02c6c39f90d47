using NativeRetrieval.Indexing.Storage;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>One search by sound and words on a server: the steps of <see cref="FusedSearch"/>, by its rules.</summary>
internal sealed class RemoteQuestion(IServerSession session, ExactRanking ranking, WordTokens tokens, LibraryIndexQuery query,
    float[] unit, IReadOnlyList<float[]> unwanted)
{
    readonly string[] _terms = Fusion.Terms(query);
    readonly bool _perFile = query.Grouping == HitGrouping.BestWindowPerFile;
    readonly float _minScore = query.Filter.MinScore ?? float.NegativeInfinity;

    /// <summary>Files with each term and their BM25; none where words do not count.</summary>
    Dictionary<long, double>[] _lists = [];

    public async Task<IReadOnlyList<LibraryHit>> RunAsync(CancellationToken cancellation)
    {
        var selection = new Selection { Filter = query.Filter, Without = await UnwantedByWordsAsync(cancellation).ConfigureAwait(false) };
        var bySound = await ranking.OfAsync(unit, unwanted, selection, Fusion.Depth(query), _perFile, _minScore, cancellation)
            .ConfigureAwait(false);
        var byWords = await WordRanksAsync(selection, cancellation).ConfigureAwait(false);

        var windows = bySound.ToDictionary(found => found.Row);
        var items = bySound.Select((found, i) => new FusedItem(found.Score, found.Row, found.FirstRow, i + 1,
            byWords.TryGetValue(found.FirstRow, out int rank) ? rank : null)).ToList();
        var files = items.Select(item => item.File).ToHashSet();
        long[] others = [.. byWords.OrderBy(pair => pair.Value).Select(pair => pair.Key).Where(file => !files.Contains(file))
            .Take(Fusion.MostByWords(query))];
        if (others.Length > 0)
            foreach (var found in await ranking.OfAsync(unit, unwanted, new Selection { Only = others }, others.Length, perFile: true,
                _minScore, cancellation).ConfigureAwait(false))
            {
                windows[found.Row] = found;
                items.Add(new FusedItem(found.Score, found.Row, found.FirstRow, null, byWords[found.FirstRow]));
            }
        return await HitsAsync(Fusion.Ranked(query, items), windows, cancellation).ConfigureAwait(false);
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

    /// <summary>Ranks by words of files that pass, by their first row: the best BM25 first, equal ones in the order of rows.</summary>
    async Task<Dictionary<long, int>> WordRanksAsync(Selection selection, CancellationToken cancellation)
    {
        if (query.WordWeight == 0) return [];
        _lists = new Dictionary<long, double>[_terms.Length];
        var scores = new Dictionary<long, double>();
        for (int i = 0; i < _terms.Length; i++)
        {
            _lists[i] = await ScoresAsync(_terms[i], cancellation).ConfigureAwait(false);
            foreach (var (file, score) in _lists[i]) scores[file] = scores.GetValueOrDefault(file) + score;
        }
        if (scores.Count == 0) return [];
        bool isOpen = new FileFilter(selection.Filter).IsOpen && selection.Without.Count == 0;
        var passing = isOpen ? (IReadOnlyCollection<long>)scores.Keys
            : await session.PassingAsync(selection with { Only = scores.Keys }, cancellation).ConfigureAwait(false);
        return passing.OrderByDescending(file => scores[file]).ThenBy(file => file).Take(Fusion.Depth(query))
            .Select((file, i) => (file, Rank: i + 1)).ToDictionary(item => item.file, item => item.Rank);
    }

    async Task<IReadOnlyList<LibraryHit>> HitsAsync(List<FusedItem> items, Dictionary<long, Found> windows, CancellationToken cancellation)
    {
        if (items.Count == 0) return [];
        var files = (await session.FilesAsync(new FileChoice { FirstRows = [.. items.Select(item => item.File).Distinct()] }, cancellation)
            .ConfigureAwait(false)).ToDictionary(file => file.FirstRow);
        var background = await session.ReadBackgroundAsync(cancellation).ConfigureAwait(false);
        var quantiles = (query.IsSound ? background?.Sounds : background?.Sentences) ?? [];
        var stretches = _perFile ? await StretchesAsync(items, files, cancellation).ConfigureAwait(false) : [];
        var hits = new List<LibraryHit>(items.Count);
        foreach (var item in items)
        {
            var (file, mark) = (files[item.File], windows[item.Row].Mark);
            hits.Add(new LibraryHit
            {
                Rank = query.Skip + hits.Count + 1, Path = file.File.FullPath, StartSeconds = mark.StartSeconds,
                EndSeconds = mark.EndSeconds, Score = item.Score, RowId = item.Row,
                Percentile = IndexBackground.PercentileOf(quantiles, item.Score), SoundRank = item.SoundRank, WordRank = item.WordRank,
                MatchedWords = item.WordRank is null ? [] : [.. _terms.Where((_, term) => _lists[term].ContainsKey(item.File))],
                Stretches = stretches.GetValueOrDefault(item.File)
                    ?? [new SoundStretch(mark.StartSeconds, mark.EndSeconds, item.Score)],
                Details = file.Details,
            });
        }
        return hits;
    }

    async Task<Dictionary<long, IReadOnlyList<SoundStretch>>> StretchesAsync(List<FusedItem> items, Dictionary<long, StoredFile> files,
        CancellationToken cancellation)
    {
        var best = items.Where(item => files[item.File].Windows > 1).ToDictionary(item => item.File, item => item.Score);
        if (best.Count == 0) return [];
        var found = await ranking.WindowsOfAsync(unit, unwanted, best.Keys, best.Values.Min(Fusion.LeastOfStretches), cancellation)
            .ConfigureAwait(false);
        return found.GroupBy(window => window.FirstRow).ToDictionary(group => group.Key, group => Fusion.Joined(
            group.OrderBy(window => window.Row).Select(window => (window.Mark.StartSeconds, window.Mark.EndSeconds, window.Score)),
            best[group.Key]));
    }
}
