using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>One question to a library: sentences and examples, each with a weight, what it must not be, and filters.</summary>
public sealed record LibraryQuery
{
    /// <summary>Sentences and examples; at least one, and one of a positive weight.</summary>
    public required IReadOnlyList<QueryPart> Parts { get; init; }

    /// <summary>
    /// Words or sentences for what is not wanted. A recording is left out whose text has all words of one of them, and a stretch that is
    /// more similar to one of them than to the question.
    /// </summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>Weight of words and meaning of texts beside the sound's (<see cref="LibraryIndexQuery"/>); 0: sound alone. 0 to
    /// 1,000.</summary>
    public double WordWeight { get; init; } = 1;

    /// <summary>Sentences by which sounds that are near to almost any are taken down, where the question has a sentence; null:
    /// none.</summary>
    public QueryBank? Bank { get; init; }

    /// <summary>Conditions that hits meet.</summary>
    public SoundFilter Filter { get; init; } = SoundFilter.None;

    /// <summary>Most hits to return, 1 to 1,000,000.</summary>
    public int Top { get; init; } = 10;

    /// <summary>Best hits to leave out, for paging; 0 to 1,000,000.</summary>
    public int Skip { get; init; }

    /// <summary>Hits for each file: one, or one for each window.</summary>
    public HitGrouping Grouping { get; init; } = HitGrouping.BestWindowPerFile;
}

/// <summary>The hits of a question, best first.</summary>
/// <param name="Hits">The hits.</param>
public sealed record LibraryAnswer(LibraryHits Hits)
{
    /// <summary>Sentences of the question of which the model knows no word: their share in the ranking by sound means nothing.</summary>
    public IReadOnlyList<string> UnknownSentences { get; init; } = [];

    /// <summary>Words of the question's sentences that the model does not know.</summary>
    public int UnknownTokens { get; init; }
}
