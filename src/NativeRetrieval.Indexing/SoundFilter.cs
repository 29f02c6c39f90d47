using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>
/// Conditions that a hit's recording meets, all of them; one that lists values is met by any of these, and by every recording where it
/// lists none. They are applied before the best hits are chosen.
/// </summary>
public sealed record SoundFilter
{
    /// <summary>Most values of a condition that lists some.</summary>
    public const int MostValues = 64;

    /// <summary>A filter that every recording passes.</summary>
    public static SoundFilter None { get; } = new();

    /// <summary>
    /// Folders of which the recording lies in one, at any depth: an absolute path, or the names of one or more folders in a row somewhere
    /// in its path, whatever their case. At most <see cref="MostValues"/>.
    /// </summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>
    /// Globs of which the file's name matches one, whatever its case: <c>*</c> any characters, <c>?</c> one. With a slash it is matched
    /// against the last parts of the path. At most <see cref="MostValues"/> of 1,024 characters each, with 64 wildcards in all.
    /// </summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Least length in seconds; null: any.</summary>
    public double? MinSeconds { get; init; }

    /// <summary>Greatest length in seconds; null: any.</summary>
    public double? MaxSeconds { get; init; }

    /// <summary>Sample rates in Hz, of which the recording has one. At most <see cref="MostValues"/>.</summary>
    public IReadOnlyList<int> SampleRatesHz { get; init; } = [];

    /// <summary>Numbers of channels, of which the recording has one. At most <see cref="MostValues"/>.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [];

    /// <summary>
    /// Categories, or their identifiers, of which the recording has one, whatever the case; also the part before the first hyphen. At most
    /// <see cref="MostValues"/>.
    /// </summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Keywords of which the recording has one, whatever the case. At most <see cref="MostValues"/>.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Time after which the file came into the index, UTC; null: any.</summary>
    public DateTime? AddedAfter { get; init; }

    /// <summary>Least cosine similarity of a hit with the query, −1 to 1; null: any.</summary>
    public float? MinScore { get; init; }

    /// <summary>Absolute path of the one file to look in; null: any.</summary>
    public string? FullPath { get; init; }

    /// <exception cref="OptionException">A condition lists too many values, or none can meet it.</exception>
    internal void Validate()
    {
        foreach (var (condition, count) in (ReadOnlySpan<(string, int)>)[("folders", Folders.Count), ("names", Names.Count),
            ("sample rates", SampleRatesHz.Count), ("numbers of channels", Channels.Count), ("categories", Categories.Count),
            ("tags", Tags.Count)])
            if (count > MostValues) throw new OptionException($"search: the filter has {count:N0} {condition}; at most {MostValues}");
        PathGlob.Require(Names);
        if (MinSeconds is double.NaN || MaxSeconds is double.NaN || MinSeconds > MaxSeconds)
            throw new OptionException($"search: no length is {MinSeconds} s or more and {MaxSeconds} s or less");
    }
}
