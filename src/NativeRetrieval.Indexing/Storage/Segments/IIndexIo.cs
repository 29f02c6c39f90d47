using Microsoft.Data.Sqlite;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>The calls by which an index changes the disk, all of them. Tests let each fail in turn.</summary>
internal interface IIndexIo
{
    /// <param name="create">True to start an empty file, over one that an interrupted run may have left.</param>
    ISegmentOutput OpenSegment(string path, bool create);

    void Delete(string path);

    void FlushFolder(string folder);

    void Commit(SqliteTransaction transaction);

    /// <summary>Replaces a small file, entirely or not at all.</summary>
    void Replace(string path, byte[] bytes);
}

/// <summary>A segment file open for writing.</summary>
internal interface ISegmentOutput : IDisposable
{
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when everything written has reached the disk.</summary>
    void Flush();
}
