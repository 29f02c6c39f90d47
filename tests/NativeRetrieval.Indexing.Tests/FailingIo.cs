using Microsoft.Data.Sqlite;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>A disk that refuses one call: number <paramref name="failAt"/>, counted from 0. A write that fails has written half.</summary>
internal sealed class FailingIo(int failAt) : IIndexIo
{
    int _calls;

    /// <summary>True once the failure has happened.</summary>
    public bool HasFailed => _calls > failAt;

    public ISegmentOutput OpenSegment(string path, bool create)
    {
        Step();
        return new Output(this, DiskIo.Shared.OpenSegment(path, create));
    }

    public void Delete(string path)
    {
        Step();
        DiskIo.Shared.Delete(path);
    }

    public void FlushFolder(string folder)
    {
        Step();
        DiskIo.Shared.FlushFolder(folder);
    }

    public void Commit(SqliteTransaction transaction)
    {
        Step();
        DiskIo.Shared.Commit(transaction);
    }

    public void Replace(string path, byte[] bytes)
    {
        Step();
        DiskIo.Shared.Replace(path, bytes);
    }

    void Step()
    {
        if (_calls++ == failAt) throw new IOException("No space left on device");
    }

    sealed class Output(FailingIo io, ISegmentOutput inner) : ISegmentOutput
    {
        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            try
            {
                io.Step();
            }
            catch (IOException)
            {
                inner.Write(offset, bytes[..(bytes.Length / 2)]);
                throw;
            }
            inner.Write(offset, bytes);
        }

        public void Flush()
        {
            io.Step();
            inner.Flush();
        }

        public void Dispose() => inner.Dispose();
    }
}
