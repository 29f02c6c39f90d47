
namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>A segment in the catalogue: its committed rows, which of them are deleted, and a checksum over all of them.</summary>
/// <param name="Version">Version of the file's header, see <see cref="SegmentFormat"/>.</param>
/// <param name="RowsSum">
/// <see cref="RowChecksums.Extend"/> over the checksums of all rows, the deleted ones too; null in an index of schema version 1.
/// </param>
internal sealed record SegmentRecord(int Id, int Rows, RowBitmap Deleted, int Version, uint? RowsSum)
{
    public long Checksum
    {
        get
        {
            var sum = new RecordChecksum().Add(Id).Add(Rows).Add(Deleted.Stored());
            return (RowsSum is { } rows ? sum.Add(Version).Add(rows) : sum).Value;
        }
    }

    /// <summary>Rows in use from row <paramref name="first"/> on.</summary>
    public long LiveRowsFrom(int first)
    {
        long live = 0;
        for (int row = first; row < Rows; row++)
            if (!Deleted[row]) live++;
        return live;
    }
}
