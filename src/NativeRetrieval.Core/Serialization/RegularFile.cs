using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// Opens files that people name for reading, and only files: a named pipe, a device or a socket under a sound's name is refused at once,
/// where opening it the ordinary way would wait for a writer.
/// </summary>
public static partial class RegularFile
{
    const int NonBlockingOnLinux = 0x800, CloseOnExecOnLinux = 0x80000, NonBlockingOnMac = 0x4, CloseOnExecOnMac = 0x1000000;

    /// <summary>Opens a file at its first byte; others may write, rename or delete it meanwhile.</summary>
    /// <param name="bufferSize">Bytes read ahead; 0: none.</param>
    /// <exception cref="IOException">The path names a folder, a pipe, a device or a socket, or the disk refused.</exception>
    /// <exception cref="FileNotFoundException">Nothing has this name.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no permission.</exception>
    public static FileStream OpenRead(string path, int bufferSize = 0)
    {
        var handle = OpenHandle(path);
        try
        {
            var file = new FileStream(handle, FileAccess.Read, bufferSize);
            if (file.CanSeek) return file;
            throw new IOException("it is a pipe, a terminal or a socket, not a file");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file for reads at given offsets (<see cref="RandomAccess"/>).</summary>
    /// <inheritdoc cref="OpenRead"/>
    public static SafeFileHandle OpenHandle(string path)
    {
        if (path.Contains('\0')) throw new FileNotFoundException("no file has a NUL character in its name", path);
        if (Directory.Exists(path)) throw new IOException("it is a folder, not a file");
        if (OperatingSystem.IsWindows())
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        bool mac = OperatingSystem.IsMacOS();
        int flags = mac ? NonBlockingOnMac | CloseOnExecOnMac : NonBlockingOnLinux | CloseOnExecOnLinux;
        var handle = Open(path, flags);
        if (handle.IsInvalid)
        {
            int error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw Explain(path, error);
        }
        try
        {
            if (FileStatus.Of(handle, path) is { Identity.Kind: not FileKind.File and var kind })
                throw new IOException($"it is {FileIdentity.Name(kind)}, not a file");
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The exception for an error number of the C library.</summary>
    internal static Exception Explain(string path, int error)
    {
        const int noEntry = 2, noDevice = 6, access = 13, notDirectory = 20;
        string text = Marshal.GetPInvokeErrorMessage(error);
        return error switch
        {
            noEntry or notDirectory => new FileNotFoundException(text, path),
            access => new UnauthorizedAccessException(text),
            noDevice => new IOException("it is a socket or a device without a driver, not a file"),
            _ => new IOException(text),
        };
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial SafeFileHandle Open(string path, int flags);
}
