using System.Runtime.InteropServices;

namespace NativeRetrieval.Core.Serialization;

/// <summary>Makes the creation, renaming and removal of files in a folder survive a power failure.</summary>
internal static partial class DurableFolder
{
    /// <summary>Writes the folder's entries to the disk. Windows does so by itself.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = Open(folder, 0);
        if (descriptor < 0) throw new IOException($"{folder}: cannot be opened to be written to the disk (errno {Marshal.GetLastPInvokeError()})");
        try
        {
            if (Fsync(descriptor) != 0) throw new IOException($"{folder}: cannot be written to the disk (errno {Marshal.GetLastPInvokeError()})");
        }
        finally
        {
            Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
