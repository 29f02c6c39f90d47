using NativeRetrieval.Indexing.Storage;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>
/// BM25 of one word as SQLite's FTS5 computes it (k₁ = 1.2, b = 0.75, weighted columns), in the order of its operations, so that the
/// numbers are the same: <c>idf · f(k₁ + 1) / (f + k₁(1 − b + b·tokens/mean))</c>, with
/// <c>idf = ln((files − n + ½) / (n + ½))</c>, at least 10⁻⁶.
/// </summary>
internal static class WordScores
{
    const double K1 = 1.2, B = 0.75, LeastIdf = 1e-6;

    /// <summary>Files with the word, by first row, and their scores.</summary>
    /// <param name="terms">Terms of the word, from <see cref="WordTokens.Of(string)"/>.</param>
    public static async Task<Dictionary<long, double>> OfAsync(IServerSession session, IReadOnlyList<string> terms,
        CancellationToken cancellation)
    {
        if (terms.Count == 0) return [];
        var found = (await session.PostingsAsync(terms[0], cancellation).ConfigureAwait(false))
            .ToDictionary(posting => posting.FirstRow);
        for (int i = 1; i < terms.Count && found.Count > 0; i++)
        {
            // Places of the first term that the others follow.
            var next = (await session.PostingsAsync(terms[i], cancellation).ConfigureAwait(false))
                .ToDictionary(posting => posting.FirstRow, posting => posting.Places.ToHashSet());
            found = found.Values.Where(posting => next.ContainsKey(posting.FirstRow))
                .Select(posting => posting with { Places = [.. posting.Places.Where(place => next[posting.FirstRow].Contains(place + i))] })
                .Where(posting => posting.Places.Length > 0).ToDictionary(posting => posting.FirstRow);
        }
        double idf = Math.Log((session.State.Files - found.Count + 0.5) / (found.Count + 0.5));
        if (idf <= 0) idf = LeastIdf;
        double mean = (double)session.State.Tokens / session.State.Files;
        return found.Values.ToDictionary(posting => posting.FirstRow, posting => Score(posting, idf, mean));
    }

    static double Score(Posting posting, double idf, double mean)
    {
        double frequency = 0;
        foreach (int place in posting.Places) frequency += DetailsTable.Weights[WordTokens.ColumnOf(place)];
        return idf * (frequency * (K1 + 1.0) / (frequency + K1 * (1 - B + B * posting.Tokens / mean)));
    }
}
