using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>The lock of the one process that writes. The system frees it when the process ends, however it ends.</summary>
internal sealed class WriterLock : IDisposable
{
    public const string LockName = "writer.lock";
    public const string OwnerName = "writer.pid";

    const int LargestOwnerBytes = 64;

    readonly FolderLock _lock;

    WriterLock(FolderLock taken) => _lock = taken;

    /// <exception cref="IndexException">Another process or index object holds it, or writing is not allowed.</exception>
    public static WriterLock Take(string folder)
    {
        FolderLock taken;
        try
        {
            taken = FolderLock.Acquire(Path.Combine(folder, LockName), "index");
        }
        catch (FileWriteException e) when (FolderLock.IsTaken(e.InnerException))
        {
            string writer = Owner(folder) is { Length: > 0 } owner ? $"process {owner}" : "another process";
            throw new IndexException($"{folder}: {writer} is writing to this index; wait until it has finished or stop it", e);
        }
        catch (FileWriteException e)
        {
            throw new IndexException(
                $"{folder}: cannot be changed: its lock {LockName} cannot be taken ({e.InnerException?.Message ?? e.Message}); "
                + "changing an index takes write access to its folder, searching it does not", e);
        }
        try
        {
            DurableFile.DeleteLeftovers(folder);
            DurableFile.WriteAllText(Path.Combine(folder, OwnerName), $"{Environment.ProcessId}\n");
            return new WriterLock(taken);
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Process id of the lock's owner. It is in a file of its own, because the lock file cannot be read while it is held.
    /// </summary>
    static string? Owner(string folder)
    {
        try
        {
            return SmallFile.ReadText(Path.Combine(folder, OwnerName), LargestOwnerBytes).Trim();
        }
        catch (Exception e) when (e is FileReadException or CorruptFileException)
        {
            return null;
        }
    }

    public void Dispose() => _lock.Dispose();
}
