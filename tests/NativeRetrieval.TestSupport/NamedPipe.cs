using System.Runtime.InteropServices;

namespace NativeRetrieval.TestSupport;

/// <summary>Named pipes without a writer: opening one for reading the ordinary way waits for ever.</summary>
public static class NamedPipe
{
    /// <summary>Makes a named pipe.</summary>
    /// <exception cref="PlatformNotSupportedException">This is Windows.</exception>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException("named pipes have no place in a folder on Windows");
        const uint readable = 0x1B6;
        if (MakePipe(path, readable) != 0) throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [DllImport("libc", EntryPoint = "mkfifo", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false,
        ThrowOnUnmappableChar = true)]
    static extern int MakePipe(string path, uint mode);
}
