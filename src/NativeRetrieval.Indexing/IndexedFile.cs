namespace NativeRetrieval.Indexing;

/// <summary>A sound file as the index knows it.</summary>
public sealed record IndexedFile
{
    /// <summary>The path as it was given.</summary>
    public required string Path { get; init; }

    /// <summary>The absolute path without <c>.</c> and <c>..</c>; identifies the file in the index.</summary>
    public required string FullPath { get; init; }

    /// <summary>SHA-256 of the content, in lower-case hexadecimal; see <see cref="Indexing.ContentHash"/>.</summary>
    public required string ContentHash { get; init; }

    /// <summary>Length of the file.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Last change of the file, UTC.</summary>
    public required DateTime ModifiedUtc { get; init; }
}
