namespace NativeRetrieval.Indexing;

/// <summary>Facts about a recording, and the text that people wrote about it. All but its length may be unknown.</summary>
public sealed record SoundDetails
{
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

    /// <summary>Time at which the file came into the index, UTC; null where an older version indexed it.</summary>
    public DateTime? AddedUtc { get; init; }
}
