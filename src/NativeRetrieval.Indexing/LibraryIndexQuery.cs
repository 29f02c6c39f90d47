using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>
/// A question to an index by a vector and by words. Recordings are ranked by the sum of standardised scores (CombSUM, Fox and Shaw 1994;
/// z-scores, Montague and Aslam 2001): <c>t · z + w · (words + meaning)</c>. z is the cosine of sound and question in standard deviations
/// of the index's background, t the <see cref="TextScale.Trust"/> that the sound deserves in this index, so that a model which hears
/// at chance takes no place from a word that fits; words are 6 where a text has all of the question's, and meaning counts from 2.5
/// deviations on.
/// </summary>
public sealed record LibraryIndexQuery
{
    /// <summary>Embedding [dimension], of any length but 0.</summary>
    public required ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>True where the vector is that of sounds alone: its scores are then compared with those of sounds.</summary>
    public bool IsSound { get; init; }

    /// <summary>Words of which a recording's text has one or more; see <see cref="QueryWords"/>.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>
    /// Vector of the question by the model's text encoder, to be compared with those of the files' texts (see
    /// <see cref="LocalAudioIndex.SetTextVectorsAsync"/>): [width], of any length but 0. Empty: texts count by their words alone.
    /// </summary>
    public ReadOnlyMemory<float> TextVector { get; init; }

    /// <summary>Weight w of words and meaning; 0 leaves them out. 0 to 1,000.</summary>
    public double WordWeight { get; init; } = 1;

    /// <summary>
    /// Sentences by which hubs are taken down: the ranking by sound is that of the score less the sound's hubness, among the 1,000 best
    /// windows or files by score, or more where the page lies further on; hits keep their score. Null: none. Indexes in a folder alone
    /// take one.
    /// </summary>
    public QueryBank? Bank { get; init; }

    /// <summary>Sets of words: a recording whose text has all words of one is left out.</summary>
    public IReadOnlyList<IReadOnlyList<string>> WithoutWords { get; init; } = [];

    /// <summary>Embeddings [dimension]: a window that is more similar to one of them than to the vector is left out.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>> WithoutVectors { get; init; } = [];

    /// <summary>Conditions that hits meet; they are applied before the best are chosen.</summary>
    public SoundFilter Filter { get; init; } = SoundFilter.None;

    /// <summary>Most hits to return, 1 to 1,000,000.</summary>
    public int Top { get; init; } = 10;

    /// <summary>Best hits to leave out, 0 to 1,000,000.</summary>
    public int Skip { get; init; }

    /// <summary>Hits for each file: one, or one for each window.</summary>
    public HitGrouping Grouping { get; init; } = HitGrouping.BestWindowPerFile;

    internal LibraryIndexQuery Validated()
    {
        new AudioSearchOptions { Top = Top, Skip = Skip, MinScore = Filter.MinScore ?? 0 }.Validated();
        if (!(WordWeight is >= 0 and <= 1_000))
            throw new OptionException($"search: the weight of words is {WordWeight}; it must be 0 to 1,000");
        Filter.Validate();
        return this;
    }
}
