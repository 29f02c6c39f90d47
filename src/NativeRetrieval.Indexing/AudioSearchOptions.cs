using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing;

/// <summary>Choice of hits that a search returns.</summary>
public sealed record AudioSearchOptions
{
    /// <summary>Most hits to return, 1 to 1,000,000. Default 10.</summary>
    public int Top { get; init; } = 10;

    /// <summary>Best hits to leave out, for paging; 0 to 1,000,000. Default 0.</summary>
    public int Skip { get; init; }

    /// <summary>
    /// Glob that the path of a hit's file matches; null, the default: any path. <c>*</c> and <c>?</c> stay within a folder name, <c>**</c>
    /// crosses folders. Without a slash it is matched against the file name, otherwise against the last parts of the path.
    /// At most 1,024 characters and 64 wildcards.
    /// </summary>
    public string? PathFilter { get; init; }

    /// <summary>Least cosine similarity of a hit, −1 to 1. Default: no limit.</summary>
    public float MinScore { get; init; } = float.NegativeInfinity;

    /// <summary>Number of hits per file: its best window or all. Default: its best window.</summary>
    public HitGrouping Grouping { get; init; } = HitGrouping.BestWindowPerFile;

    internal AudioSearchOptions Validated()
    {
        if (Top is < 1 or > 1_000_000) throw new OptionException($"search: top is {Top}; it must be 1 to 1,000,000");
        if (Skip is < 0 or > 1_000_000) throw new OptionException($"search: skip is {Skip}; it must be 0 to 1,000,000");
        if (float.IsNaN(MinScore)) throw new OptionException("search: the minimum score is NaN");
        if (PathFilter is not null) PathGlob.Require(PathFilter);
        return this;
    }
}

/// <summary>Number of hits that one file may have.</summary>
public enum HitGrouping
{
    /// <summary>Each file appears once, with its best window.</summary>
    BestWindowPerFile,

    /// <summary>A file appears with each of its windows that ranks high enough.</summary>
    AllWindows,
}
