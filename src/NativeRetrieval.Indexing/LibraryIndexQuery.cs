using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>
/// A question to an index by a vector and by words. Recordings are ranked by sound and by words, and the rankings are fused by reciprocal
/// rank (Cormack et al. 2009): <c>1 / (60 + rank by sound) + w / (60 + rank by words)</c>.
/// </summary>
public sealed record LibraryIndexQuery
{
    /// <summary>Embedding [dimension], of any length but 0.</summary>
    public required ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>True where the vector is that of sounds alone: its scores are then compared with those of sounds.</summary>
    public bool IsSound { get; init; }

    /// <summary>Words of which a recording's text has one or more; see <see cref="QueryWords"/>.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Weight w of the ranking by words; 0 leaves it out. 0 to 1,000.</summary>
    public double WordWeight { get; init; } = 1;

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
        new AudioSearchOptions { Top = Top, Skip = Skip, PathFilter = Filter.Name, MinScore = Filter.MinScore ?? 0 }.Validated();
        if (!(WordWeight is >= 0 and <= 1_000))
            throw new OptionException($"search: the weight of words is {WordWeight}; it must be 0 to 1,000");
        if (Filter.MinSeconds is double.NaN || Filter.MaxSeconds is double.NaN || Filter.MinSeconds > Filter.MaxSeconds)
            throw new OptionException($"search: no length is {Filter.MinSeconds} s or more and {Filter.MaxSeconds} s or less");
        return this;
    }
}
