using Microsoft.Data.Sqlite;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>Every call by which an index changes what is on the disk. Tests let each of them fail in turn.</summary>
internal interface IIndexIo
{
    /// <param name="create">Starts an empty file, over one that an interrupted run may have left.</param>
    ISegmentOutput OpenSegment(string path, bool create);

    void Delete(string path);

    void FlushFolder(string folder);

    void Commit(SqliteTransaction transaction);
}

internal interface ISegmentOutput : IDisposable
{
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when everything written has reached the disk.</summary>
    void Flush();
}
