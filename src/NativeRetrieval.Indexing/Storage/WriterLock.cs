using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>Held by the one process that writes. The system frees it when the process ends, however it ends.</summary>
internal sealed class WriterLock : IDisposable
{
    public const string LockName = "writer.lock";
    public const string OwnerName = "writer.pid";

    readonly FileStream _file;

    WriterLock(FileStream file) => _file = file;

    /// <exception cref="IndexException">Another process, or another index object of this one, holds it.</exception>
    public static WriterLock Take(string folder)
    {
        FileStream file;
        try
        {
            file = new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IndexException($"{folder}: no permission to write: {e.Message}", e);
        }
        catch (IOException e)
        {
            string? owner = Owner(folder);
            throw new IndexException(owner is null
                ? $"{folder}: cannot be locked for writing: {e.Message}"
                : $"{folder}: process {owner} is writing to this index; wait until it has finished or stop it", e);
        }
        try
        {
            DurableFile.WriteAllText(Path.Combine(folder, OwnerName), $"{Environment.ProcessId}\n");
            return new WriterLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The lock file itself cannot be read while it is held, so the owner's name is beside it.</summary>
    static string? Owner(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, OwnerName)).Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
