namespace NativeRetrieval.Indexing;

/// <summary>A file with all its windows, at least one.</summary>
public sealed record AudioIndexEntry(IndexedFile File, IReadOnlyList<AudioWindow> Windows)
{
    /// <summary>Facts and text about the sound; null: nothing but its length is known.</summary>
    public SoundDetails? Details { get; init; }
}
