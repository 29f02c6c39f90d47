namespace NativeRetrieval.Indexing.Storage;

/// <summary>A segment in the catalogue: its committed rows, and which of them are deleted.</summary>
internal sealed record SegmentRecord(int Id, int Rows, RowBitmap Deleted)
{
    public long Checksum => new RecordChecksum().Add(Id).Add(Rows).Add(Deleted.Stored()).Value;
}
