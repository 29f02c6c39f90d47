namespace NativeRetrieval.Indexing;

/// <summary>A file with all its windows, at least one.</summary>
public sealed record AudioIndexEntry(IndexedFile File, IReadOnlyList<AudioWindow> Windows);
