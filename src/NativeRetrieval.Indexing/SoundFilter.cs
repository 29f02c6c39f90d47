namespace NativeRetrieval.Indexing;

/// <summary>Conditions that a hit's recording meets, all of them. They are applied before the best hits are chosen.</summary>
public sealed record SoundFilter
{
    /// <summary>A filter that every recording passes.</summary>
    public static SoundFilter None { get; } = new();

    /// <summary>
    /// Folder that the recording lies in, at any depth: an absolute path, or the names of one or more folders in a row somewhere in its
    /// path, whatever their case. Null: any.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Glob that the file's name matches, whatever its case: <c>*</c> any characters, <c>?</c> one. With a slash it is matched against the
    /// last parts of the path. Null: any. At most 1,024 characters and 64 wildcards.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>Least length in seconds; null: any.</summary>
    public double? MinSeconds { get; init; }

    /// <summary>Greatest length in seconds; null: any.</summary>
    public double? MaxSeconds { get; init; }

    /// <summary>Sample rate in Hz; null: any.</summary>
    public int? SampleRateHz { get; init; }

    /// <summary>Number of channels; null: any.</summary>
    public int? Channels { get; init; }

    /// <summary>Category or its identifier, whatever its case; also the part before the first hyphen. Null: any.</summary>
    public string? Category { get; init; }

    /// <summary>One of the keywords, whatever its case; null: any.</summary>
    public string? Tag { get; init; }

    /// <summary>Time after which the file came into the index, UTC; null: any.</summary>
    public DateTime? AddedAfter { get; init; }

    /// <summary>Least cosine similarity of a hit with the query, −1 to 1; null: any.</summary>
    public float? MinScore { get; init; }

    /// <summary>Absolute path of the one file to look in; null: any.</summary>
    public string? FullPath { get; init; }
}
