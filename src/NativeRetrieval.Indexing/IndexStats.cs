namespace NativeRetrieval.Indexing;

/// <summary>Size of an index.</summary>
/// <param name="Files">Indexed files.</param>
/// <param name="Windows">Live vectors.</param>
/// <param name="DeletedWindows">Vectors that still take space; <c>Compact</c> frees it.</param>
/// <param name="Segments">Segment files.</param>
/// <param name="SizeBytes">Bytes of all files of the index folder.</param>
public sealed record IndexStats(long Files, long Windows, long DeletedWindows, int Segments, long SizeBytes);
