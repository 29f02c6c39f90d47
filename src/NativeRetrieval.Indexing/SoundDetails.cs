using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>Facts about a recording, and the text that people wrote about it. All but its length may be unknown.</summary>
public sealed record SoundDetails
{
    /// <summary>Most characters of all texts together.</summary>
    internal const int MostCharacters = 8 << 20;

    /// <summary>Length in seconds, more than 0.</summary>
    public required double DurationSeconds { get; init; }

    /// <summary>Samples a second in the file; null: unknown.</summary>
    public int? SampleRateHz { get; init; }

    /// <summary>Channels in the file; null: unknown.</summary>
    public int? Channels { get; init; }

    /// <summary>Title or FX name.</summary>
    public string? Title { get; init; }

    /// <summary>Description in whole words.</summary>
    public string? Description { get; init; }

    /// <summary>Category in words, such as <c>DOORS-WOOD</c>.</summary>
    public string? Category { get; init; }

    /// <summary>Category's identifier in the Universal Category System, such as <c>DOORWood</c>.</summary>
    public string? CatId { get; init; }

    /// <summary>Keywords, in the order in which they were found, each once.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Library or album that the recording is from.</summary>
    public string? Library { get; init; }

    /// <summary>Other words that are searched: originator, location, microphone, synonyms of the category and the like.</summary>
    public string? Other { get; init; }

    /// <summary>Time at which the file came into the index, UTC; null where an older version indexed it.</summary>
    public DateTime? AddedUtc { get; init; }

    (double, int?, int?, string?, string?, string?, string?, string?, string?, DateTime?) AllButTags =>
        (DurationSeconds, SampleRateHz, Channels, Title, Description, Category, CatId, Library, Other, AddedUtc);

    /// <summary>True where all is the same, the keywords in their order, too.</summary>
    public bool Equals(SoundDetails? other) => other is not null && AllButTags == other.AllButTags && Tags.SequenceEqual(other.Tags);

    /// <inheritdoc/>
    public override int GetHashCode() => AllButTags.GetHashCode();

    internal SoundDetails Validated(string path)
    {
        if (!(DurationSeconds > 0 && double.IsFinite(DurationSeconds)))
            throw new IndexException($"index: {path}: its length is {DurationSeconds} s; it must be more than 0");
        if (SampleRateHz < 1 || Channels < 1)
            throw new IndexException($"index: {path}: {SampleRateHz} Hz and {Channels} channels; "
                + "each must be at least 1 where it is known");
        long characters = new[] { Title, Description, Category, CatId, Library, Other }.Concat(Tags).Sum(text => (long)(text?.Length ?? 0));
        return characters <= MostCharacters ? this
            : throw new IndexException($"index: {path}: its details have {characters:N0} characters; at most {MostCharacters:N0}");
    }
}

/// <summary>The form of details in the catalogue.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SoundDetails))]
internal sealed partial class DetailsJson : JsonSerializerContext;
