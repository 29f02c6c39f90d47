using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NativeRetrieval.Core.Serialization;

/// <summary>The kinds of things that a path can lead to.</summary>
public enum FileKind
{
    /// <summary>A regular file: bytes that end.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A named pipe (FIFO).</summary>
    Pipe,

    /// <summary>A device, such as a terminal or a disk.</summary>
    Device,

    /// <summary>A socket.</summary>
    Socket,
}

/// <summary>
/// The file or folder that a path leads to, links followed: two paths lead to the same one exactly when their identities are equal.
/// On Linux it is the device and the inode, on other systems the path with every link resolved.
/// </summary>
public readonly partial record struct FileIdentity
{
    readonly ulong _device, _inode;
    readonly string? _place;

    FileIdentity(FileKind kind, ulong device, ulong inode, string? place) => (Kind, _device, _inode, _place) = (kind, device, inode, place);

    /// <summary>The kind of thing it is.</summary>
    public FileKind Kind { get; }

    /// <summary>Looks a path up without opening anything.</summary>
    /// <exception cref="FileNotFoundException">Nothing has this name, or a link leads nowhere.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be searched.</exception>
    /// <exception cref="IOException">The system refuses for another reason, such as links that lead to each other.</exception>
    public static FileIdentity Of(string path) => Look(CurrentFolder, path, flags: 0, path) ?? OfPlace(path);

    /// <summary>Looks up what a handle was opened on; null where the system cannot say.</summary>
    internal static FileIdentity? Of(SafeFileHandle handle, string path)
    {
        if (!OperatingSystem.IsLinux()) return null;
        bool held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            return Look((int)handle.DangerousGetHandle(), "", EmptyPath, path);
        }
        finally
        {
            if (held) handle.DangerousRelease();
        }
    }

    /// <summary>The kind in words, as in <c>it is a named pipe</c>.</summary>
    public static string Name(FileKind kind) => kind switch
    {
        FileKind.File => "a file",
        FileKind.Folder => "a folder",
        FileKind.Pipe => "a named pipe",
        FileKind.Device => "a device",
        _ => "a socket",
    };

    const int CurrentFolder = -100, EmptyPath = 0x1000, TypeAndInode = 0x101;

    static FileIdentity? Look(int folder, string name, int flags, string path)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            if (Statx(folder, name, flags, TypeAndInode, out var status) != 0)
                throw RegularFile.Explain(path, Marshal.GetLastPInvokeError());
            return new FileIdentity(KindOf(status.Mode), (ulong)status.DeviceMajor << 32 | status.DeviceMinor, status.Inode, place: null);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library of before 2018 has no such call.
            return null;
        }
    }

    static FileKind KindOf(ushort mode) => (mode & 0xF000) switch
    {
        0x8000 => FileKind.File,
        0x4000 => FileKind.Folder,
        0x1000 => FileKind.Pipe,
        0xC000 => FileKind.Socket,
        _ => FileKind.Device,
    };

    static FileIdentity OfPlace(string path)
    {
        string place = Resolved(Path.GetFullPath(path));
        if (Directory.Exists(place)) return new(FileKind.Folder, 0, 0, place);
        if (!File.Exists(place)) throw new FileNotFoundException("it does not exist", path);
        return new((File.GetAttributes(place) & FileAttributes.Device) != 0 ? FileKind.Device : FileKind.File, 0, 0, place);
    }

    /// <summary>The full path with the links of all its parts resolved.</summary>
    static string Resolved(string path)
    {
        if (Path.GetDirectoryName(path) is not { } parent) return path;
        string place = Path.Combine(Resolved(parent), Path.GetFileName(path));
        FileSystemInfo info = Directory.Exists(place) ? new DirectoryInfo(place) : new FileInfo(place);
        return info.ResolveLinkTarget(returnFinalTarget: true) is { } target ? Resolved(target.FullName) : place;
    }

    /// <summary>The fields that are asked for in the kernel's fixed layout of <c>struct statx</c> (man 2 statx).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    struct Status
    {
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int folder, string name, int flags, uint mask, out Status status);
}
