using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// Keeps a folder to one process. The operating system gives the lock back when the process ends, however it ends; the empty
/// lock file stays, because deleting it would let two processes lock two files of one name.
/// </summary>
public sealed class FolderLock : IDisposable
{
    readonly FileStream _file;

    FolderLock(FileStream file) => _file = file;

    /// <summary>Takes the lock at once or fails; it is held until <see cref="Dispose"/>.</summary>
    /// <param name="path">The lock file, created where it is absent.</param>
    /// <param name="what">The locked thing as the message names it, e.g. <c>run folder</c>.</param>
    /// <exception cref="FileWriteException">Another process holds the lock, or the file cannot be created.</exception>
    public static FolderLock Acquire(string path, string what)
    {
        try
        {
            return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileWriteException(path, IsTaken(error) ? $"another process is using this {what}" : error.Message, error);
        }
    }

    /// <summary>True where opening failed because another holds the lock, and not for want of permission, space or a folder.</summary>
    public static bool IsTaken(Exception? error)
    {
        // EWOULDBLOCK of Linux and of macOS, and Windows' sharing and lock violations: .NET keeps the system's number.
        const int linux = 11, mac = 35, sharing = unchecked((int)0x80070020), locked = unchecked((int)0x80070021);
        return error is IOException && error.HResult is linux or mac or sharing or locked;
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => _file.Dispose();
}
