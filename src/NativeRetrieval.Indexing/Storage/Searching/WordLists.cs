using System.Collections.Concurrent;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>
/// The files of one commit that have a term, with their BM25, kept for later questions with the same term. Safe for several threads.
/// </summary>
/// <remarks>
/// BM25 of several terms is the sum of their own: adding the lists up, in the order of the terms, gives what SQLite gives for all of
/// them in one expression, and a term that was asked before is not looked up again.
/// </remarks>
/// <param name="placeOf">The place in the commit's table of the file with this first row, or a negative number.</param>
internal sealed class WordLists(Func<long, int> placeOf)
{
    /// <summary>Most files in all lists together, 12 bytes each; where more come, those kept are dropped.</summary>
    const long MostKept = 8 << 20;

    readonly ConcurrentDictionary<string, WordList> _lists = new(StringComparer.Ordinal);
    long _kept;

    /// <summary>The files with a term.</summary>
    /// <param name="details">Those of a session that sees this commit.</param>
    public WordList Of(DetailsTable details, string term)
    {
        if (_lists.TryGetValue(term, out var known)) return known;
        var places = new List<int>();
        var scores = new List<double>();
        foreach (var (firstRow, score) in details.Scores(term))
            if (placeOf(firstRow) is >= 0 and var place)
            {
                places.Add(place);
                scores.Add(score);
            }
        var list = new WordList([.. places], [.. scores]);
        if (Interlocked.Add(ref _kept, places.Count + 1) > MostKept)
        {
            _lists.Clear();
            Interlocked.Exchange(ref _kept, places.Count + 1);
        }
        _lists[term] = list;
        return list;
    }
}

/// <summary>The files that have a term.</summary>
/// <param name="Places">Their places in the table of files, ascending.</param>
/// <param name="Scores">BM25 of each.</param>
internal sealed record WordList(int[] Places, double[] Scores)
{
    public bool Has(int place) => Array.BinarySearch(Places, place) >= 0;
}
