using System.Runtime.InteropServices;

namespace NativeRetrieval.Core.Serialization;

/// <summary>Makes a folder's entries (new, renamed, deleted names) durable.</summary>
public static partial class FolderSync
{
    const int NotSupported = 22;    // EINVAL: file systems that cannot sync a folder (some network mounts) say so

    /// <summary>fsync of the folder; nothing on Windows, whose file system journals names itself.</summary>
    /// <exception cref="IOException">The operating system refused.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = Open(folder, 0);
        if (descriptor < 0) throw new IOException($"cannot open the folder {folder} to sync it: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (FSync(descriptor) != 0 && Marshal.GetLastPInvokeError() != NotSupported)
                throw new IOException($"cannot sync the folder {folder}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
