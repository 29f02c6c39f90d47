namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>
/// The rules by which sound, words and meaning become one answer, the same in a folder and on a server; see
/// <see cref="LibraryIndexQuery"/>.
/// </summary>
internal sealed class Fusion
{
    /// <summary>Number of places of the ranking by sound, and of those of texts, that count at least.</summary>
    const int LeastDepth = 1_000;

    /// <summary>Files beside those of the sound's ranking that texts bring in at least, where so many are found.</summary>
    const int LeastOthers = 100;

    const int MostStretches = 5;

    /// <summary>Share of the best window's score from which a window belongs to the best stretches.</summary>
    const float StretchShare = 0.9f;

    readonly LibraryIndexQuery _query;
    readonly TextEvidence _texts;
    readonly double _mean, _deviation, _trust;

    public Fusion(LibraryIndexQuery query, TextEvidence texts, IndexBackground? background, TextScale? scale)
    {
        (_query, _texts, _trust) = (query, texts, scale?.Trust ?? 1);
        Quantiles = (query.IsSound ? background?.Sounds : background?.Sentences) ?? [];
        (_mean, _deviation) = IndexBackground.ScaleOf(Quantiles);
    }

    /// <summary>Scores of the background that the question's are compared with.</summary>
    public IReadOnlyList<float> Quantiles { get; }

    /// <summary>Places of each ranking that count.</summary>
    public static int Depth(LibraryIndexQuery query) => Math.Max(LeastDepth, query.Skip + query.Top);

    /// <param name="place">Place of the file in the texts' order.</param>
    /// <param name="rank">Place in the ranking by sound; null: texts have found it.</param>
    /// <param name="hubness">What the query's bank takes from the score; 0: it has none.</param>
    public FusedItem Item(float score, long row, int place, int? rank, double hubness = 0) =>
        new(score, row, place, rank, _trust * (score - hubness - _mean) / _deviation + _texts.Of(place));

    /// <summary>Places of files that texts bring in beside those that the sound has found, the greatest evidence first.</summary>
    public IEnumerable<int> Others(IReadOnlySet<int> found) => _texts.Found.Where(place => !found.Contains(place))
        .Take(_query.Filter.MinScore is null ? Math.Max(LeastOthers, _query.Skip + _query.Top) : int.MaxValue);

    /// <summary>The page of the answer, best first.</summary>
    public List<FusedItem> Page(IEnumerable<FusedItem> items) =>
        [.. items.OrderByDescending(item => item.Fused).ThenByDescending(item => item.Score).ThenBy(item => item.Row)
            .Skip(_query.Skip).Take(_query.Top)];

    /// <summary>Least score of a window in the best stretches.</summary>
    public static float LeastOfStretches(float best) => best > 0 ? StretchShare * best : best;

    /// <summary>Windows near the best one's score, joined where they touch.</summary>
    /// <param name="windows">Windows of one file in the order of their rows.</param>
    public static IReadOnlyList<SoundStretch> Joined(IEnumerable<(double Start, double End, float Score)> windows, float best)
    {
        var stretches = new List<SoundStretch>();
        foreach (var (start, end, score) in windows.Where(window => window.Score >= LeastOfStretches(best)))
        {
            if (stretches.Count > 0 && stretches[^1] is var last && start <= last.EndSeconds)
                stretches[^1] = last with { EndSeconds = Math.Max(last.EndSeconds, end), Score = Math.Max(last.Score, score) };
            else stretches.Add(new SoundStretch(start, end, score));
        }
        return [.. stretches.OrderByDescending(stretch => stretch.Score).ThenBy(stretch => stretch.StartSeconds).Take(MostStretches)];
    }
}

/// <summary>A recording in the answer, before its page is chosen.</summary>
/// <param name="Row">Row of its best window.</param>
/// <param name="Place">Place of its file in the order of the texts.</param>
/// <param name="Fused">Score by which items are ranked.</param>
internal readonly record struct FusedItem(float Score, long Row, int Place, int? SoundRank, double Fused);
