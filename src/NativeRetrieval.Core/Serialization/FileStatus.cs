using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// Identity, length and time of last change of the file or folder that a path leads to. Links are followed: the length of a link, and the
/// time when it was made, say nothing of the file behind it.
/// </summary>
/// <param name="Identity">The file itself, whatever it is called.</param>
/// <param name="SizeBytes">Length of a regular file; of other kinds, a number of the system's.</param>
/// <param name="ModifiedUtc">Last change of the content, UTC, in steps of 100 ns.</param>
public readonly partial record struct FileStatus(FileIdentity Identity, long SizeBytes, DateTime ModifiedUtc)
{
    const int CurrentFolder = -100, EmptyPath = 0x1000, TypeInodeTimeAndSize = 0x341;
    const int NanosecondsPerTick = 100;

    /// <summary>Looks a path up once, without opening anything.</summary>
    /// <exception cref="FileNotFoundException">Nothing has this name, or a link leads nowhere.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be searched.</exception>
    /// <exception cref="IOException">The system refuses for another reason, such as links that lead to each other.</exception>
    public static FileStatus Of(string path) => Look(CurrentFolder, path, flags: 0, path) ?? OfPlace(path);

    /// <summary>Looks up the thing that a handle was opened on; null where the system cannot say.</summary>
    internal static FileStatus? Of(SafeFileHandle handle, string path)
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

    static FileStatus? Look(int folder, string name, int flags, string path)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            if (Statx(folder, name, flags, TypeInodeTimeAndSize, out var status) != 0)
                throw RegularFile.Explain(path, Marshal.GetLastPInvokeError());
            var identity = FileIdentity.OfInode(KindOf(status.Mode), (ulong)status.DeviceMajor << 32 | status.DeviceMinor, status.Inode);
            return new FileStatus(identity, (long)status.SizeBytes,
                DateTime.UnixEpoch.AddSeconds(status.ModifiedSeconds).AddTicks(status.ModifiedNanoseconds / NanosecondsPerTick));
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

    static FileStatus OfPlace(string path)
    {
        string place = Resolved(Path.GetFullPath(path));
        if (Directory.Exists(place))
            return new(FileIdentity.OfPlace(FileKind.Folder, place), 0, Directory.GetLastWriteTimeUtc(place));
        var info = new FileInfo(place);
        if (!info.Exists) throw new FileNotFoundException("it does not exist", path);
        var kind = (info.Attributes & FileAttributes.Device) != 0 ? FileKind.Device : FileKind.File;
        return new(FileIdentity.OfPlace(kind, place), info.Length, info.LastWriteTimeUtc);
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
        [FieldOffset(40)] public ulong SizeBytes;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Statx(int folder, string name, int flags, uint mask, out Status status);
}
