namespace NativeRetrieval.Indexing.Storage;

/// <summary>The rules by which rankings by sound and by words become one answer; see <see cref="LibraryIndexQuery"/>.</summary>
internal static class Fusion
{
    /// <summary>Constant of reciprocal rank fusion, and the number of places of each ranking that count at least.</summary>
    const int Constant = 60, LeastDepth = 1_000;

    const int MostStretches = 5;

    /// <summary>Share of the best window's score from which a window belongs to the best stretches.</summary>
    const float StretchShare = 0.9f;

    /// <summary>The words, and each with the next one as one word: a <c>fire truck</c> may be called <c>firetruck</c>.</summary>
    public static string[] Terms(LibraryIndexQuery query) =>
        [.. query.Words, .. query.Words.Zip(query.Words.Skip(1), (first, second) => first + second)];

    /// <summary>Places of each ranking that count.</summary>
    public static int Depth(LibraryIndexQuery query) => Math.Max(LeastDepth, query.Skip + query.Top);

    /// <summary>Most files that only words have found, and that can be in the answer: they rank among each other by words.</summary>
    public static int MostByWords(LibraryIndexQuery query) => query.Filter.MinScore is null ? query.Skip + query.Top : int.MaxValue;

    /// <summary>The page of the answer, best first.</summary>
    public static List<FusedItem> Ranked(LibraryIndexQuery query, IEnumerable<FusedItem> items) =>
        [.. items.OrderByDescending(item => Fused(query, item)).ThenByDescending(item => item.Score).ThenBy(item => item.Row)
            .Skip(query.Skip).Take(query.Top)];

    static double Fused(LibraryIndexQuery query, FusedItem item) => (item.SoundRank is { } sound ? 1.0 / (Constant + sound) : 0)
        + (item.WordRank is { } word ? query.WordWeight / (Constant + word) : 0);

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
/// <param name="File">First row of the file.</param>
internal readonly record struct FusedItem(float Score, long Row, long File, int? SoundRank, int? WordRank);
