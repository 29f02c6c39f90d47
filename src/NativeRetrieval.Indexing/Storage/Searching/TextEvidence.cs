namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>
/// Evidence of the texts of files for one question, in standard deviations, as that of the sound is: the words that they share with it,
/// and the likeness of their meaning, by the model's own text encoder.
/// </summary>
/// <remarks>
/// <para>Words: 6 where a text has all words of the question as well as any text has them. Of each word a text has the share
/// <c>BM25 / the greatest BM25 of the word</c>; words weigh as their greatest BM25 does, one that no text has as the mean of the others.
/// Two words that a text has as one, as <c>firetruck</c>, count as both.</para>
/// <para>Meaning: <c>(cosine − mean) / deviation − 2.5</c> by the <see cref="TextScale"/>, 0 to 3: a name which only happens to be the
/// nearest says nothing, and one that is near says less than all words, for an encoder of few texts finds strange words alike.</para>
/// </remarks>
internal sealed class TextEvidence
{
    const double AllWords = 6, LeastDeviations = 2.5, MostMeaning = 3;

    readonly LibraryIndexQuery _query;
    readonly IReadOnlyList<WordList> _lists;
    readonly double[] _words;
    TextRows? _texts;
    TextScale? _scale;
    float[] _unit = [];
    readonly Dictionary<int, int> _wordRanks = [], _meaningRanks = [];

    /// <param name="files">Number of files; each has its place, in the order of rows.</param>
    /// <param name="lists">Files with each of the <see cref="Terms"/>.</param>
    /// <param name="allowed">True at the places of files that may be found; null: all.</param>
    public TextEvidence(LibraryIndexQuery query, int files, IReadOnlyList<WordList> lists, bool[]? allowed)
    {
        (_query, _lists, _words) = (query, lists, new double[lists.Count > 0 ? files : 0]);
        if (lists.Count > 0) AddWords();
        Rank(_wordRanks, Enumerable.Range(0, _words.Length).Where(place => _words[place] > 0 && allowed?[place] != false)
            .Select(place => (_words[place], place)), Fusion.Depth(query));
    }

    /// <summary>True where the question can be compared with texts by meaning.</summary>
    public static bool HasMeaning(LibraryIndexQuery query) => query.WordWeight > 0 && !query.TextVector.IsEmpty;

    /// <summary>The question's vector for texts, of length 1.</summary>
    /// <param name="width">Values of the vectors of the index.</param>
    /// <exception cref="Core.Errors.IndexException">The vector does not fit those of the index.</exception>
    public static float[] UnitOf(LibraryIndexQuery query, int width)
    {
        float[] unit = new float[width];
        UnitVector.Of(query.TextVector.Span, unit, () => "search: the vector for texts");
        return unit;
    }

    /// <summary>Cosine from which on meaning counts.</summary>
    public static double LeastCosine(TextScale scale) => scale.Mean + LeastDeviations * scale.Deviation;

    /// <param name="texts">At least the texts nearest to the question that files have which may be found, and those of all files that
    /// <see cref="Of"/> is asked for.</param>
    /// <exception cref="Core.Errors.IndexException">The question's text vector does not fit those of the index.</exception>
    public void AddMeaning(TextRows texts, TextScale scale, bool[]? allowed)
    {
        (_texts, _scale, _unit) = (texts, scale, UnitOf(_query, texts.Width));
        int depth = Fusion.Depth(_query);
        Rank(_meaningRanks, texts.Nearest(_unit, depth, allowed).Where(text => Excess(text.Cosine) > 0)
            .SelectMany(text => text.Places.Where(place => allowed?[place] != false).Select(place => ((double)text.Cosine, place))), depth);
    }

    /// <summary>Terms that are looked for: the words, and each with the next one as one word; none where words do not count.</summary>
    public static string[] Terms(LibraryIndexQuery query) => query.WordWeight == 0 ? []
        : [.. query.Words, .. query.Words.Zip(query.Words.Skip(1), (first, second) => first + second)];

    /// <summary>Places of the files that words have found.</summary>
    public IEnumerable<int> FoundByWords => _wordRanks.Keys;

    /// <summary>Places of the files that words or meaning bring into the answer, the greatest evidence first.</summary>
    public IEnumerable<int> Found => _wordRanks.Keys.Concat(_meaningRanks.Keys).Distinct().OrderByDescending(Of).ThenBy(place => place);

    public int? WordRank(int place) => _wordRanks.TryGetValue(place, out int rank) ? rank : null;

    public int? MeaningRank(int place) => _meaningRanks.TryGetValue(place, out int rank) ? rank : null;

    /// <summary>Evidence for the file at this place, with the weight that the question gives it.</summary>
    public double Of(int place) => _query.WordWeight * ((_words.Length > 0 ? _words[place] : 0)
        + (_texts?.CosineOf(_unit, place) is { } cosine ? Math.Clamp(Excess(cosine), 0, MostMeaning) : 0));

    /// <summary>Words of the question that the file's text has.</summary>
    public IReadOnlyList<string> Matched(int place) => [.. Terms(_query).Where((_, term) => _lists[term].Has(place))];

    double Excess(double cosine) => (cosine - _scale!.Mean) / _scale.Deviation - LeastDeviations;

    void AddWords()
    {
        int words = _query.Words.Count;
        double[] greatest = [.. _lists.Select(list => list.Scores.Length > 0 ? list.Scores.Max() : 0)];
        double[] known = [.. greatest.Take(words).Where(score => score > 0)];
        double unknown = known.Length > 0 ? known.Average() : 1;
        double[] weights = [.. greatest.Take(words).Select(score => score > 0 ? score : unknown)];
        double sum = weights.Sum();
        double[] share = new double[_words.Length];
        for (int word = 0; word < words; word++)
        {
            // The word itself; joined with the one before; joined with the next.
            var terms = new List<int> { word };
            if (word > 0) terms.Add(words + word - 1);
            if (word < words - 1) terms.Add(words + word);
            foreach (int term in terms)
                for (int i = 0; i < _lists[term].Places.Length; i++)
                    share[_lists[term].Places[i]] = Math.Max(share[_lists[term].Places[i]], _lists[term].Scores[i] / greatest[term]);
            foreach (int term in terms)
                foreach (int place in _lists[term].Places)
                {
                    _words[place] += AllWords * weights[word] / sum * share[place];
                    share[place] = 0;
                }
        }
    }

    /// <summary>Ranks of the best: the greatest score first, equal ones in the order of places.</summary>
    static void Rank(Dictionary<int, int> ranks, IEnumerable<(double Score, int Place)> scores, int depth)
    {
        // The worst of those kept leaves first.
        var best = new PriorityQueue<int, (double Score, int Before)>();
        foreach (var (score, place) in scores)
            if (best.Count < depth) best.Enqueue(place, (score, -place));
            else best.EnqueueDequeue(place, (score, -place));
        while (best.TryDequeue(out int place, out _)) ranks.Add(place, best.Count + 1);
    }
}
