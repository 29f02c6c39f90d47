namespace NativeRetrieval.Indexing.Storage;

/// <summary>The record that every commit changes.</summary>
/// <param name="Generation">Commits so far: two equal numbers mean the same content.</param>
/// <param name="NextSegment">Id of the next segment; ids are never used again.</param>
internal sealed record CatalogueState(long Generation, int NextSegment, long Files, long LiveRows)
{
    public long Checksum => new RecordChecksum().Add(Generation).Add(NextSegment).Add(Files).Add(LiveRows).Value;
}
