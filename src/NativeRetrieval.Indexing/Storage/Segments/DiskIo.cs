using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>The real disk.</summary>
internal sealed class DiskIo : IIndexIo
{
    public static DiskIo Shared { get; } = new();

    public ISegmentOutput OpenSegment(string path, bool create) =>
        new Output(File.OpenHandle(path, create ? FileMode.Create : FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete));

    public void Delete(string path) => File.Delete(path);

    public void FlushFolder(string folder) => FolderSync.Flush(folder);

    public void Commit(SqliteTransaction transaction) => transaction.Commit();

    public void Replace(string path, byte[] bytes) => DurableFile.WriteAllBytes(path, bytes);

    sealed class Output(SafeFileHandle handle) : ISegmentOutput
    {
        public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
