using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>One consistent view of an index, catalogue and rows, for the time of one call.</summary>
internal sealed class ReadSession(Catalogue catalogue, SqliteTransaction transaction, SnapshotLease lease, string folder,
    SegmentFormat format, Action<Catalogue> giveBack) : IDisposable
{
    public Catalogue Catalogue => catalogue;

    public SnapshotLease Rows => lease;

    public CatalogueState State => lease.Snapshot.State;

    /// <summary>A copy of a row, compared with its checksum.</summary>
    /// <exception cref="IndexCorruptException">The row is not what was written.</exception>
    public unsafe byte[] CheckedRow(long row, uint checksum)
    {
        string path = Path.Combine(folder, SegmentFormat.FileName(RowId.Segment(row)));
        foreach (var block in lease.Blocks)
        {
            int position = RowId.Row(row);
            if (block.FirstId != RowId.Of(RowId.Segment(row), 0) || position < 0 || position >= block.Count) continue;
            byte[] bytes = new ReadOnlySpan<byte>((byte*)block.Rows + (long)position * format.StrideBytes, format.StrideBytes).ToArray();
            if (Crc32C.Of(bytes) != checksum)
                throw new IndexCorruptException(path, $"row {position} at byte {format.OffsetBytes(position):N0} does not match its "
                    + "checksum");
            return bytes;
        }
        throw new IndexCorruptException(path, $"the catalogue refers to row {RowId.Row(row)}, which is not among the committed ones");
    }

    public void Dispose()
    {
        lease.Dispose();
        transaction.Dispose();
        giveBack(catalogue);
    }
}
