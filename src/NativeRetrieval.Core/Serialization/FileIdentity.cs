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
public readonly record struct FileIdentity
{
    readonly ulong _device, _inode;
    readonly string? _place;

    FileIdentity(FileKind kind, ulong device, ulong inode, string? place) => (Kind, _device, _inode, _place) = (kind, device, inode, place);

    /// <summary>The kind of thing it is.</summary>
    public FileKind Kind { get; }

    /// <inheritdoc cref="FileStatus.Of(string)"/>
    public static FileIdentity Of(string path) => FileStatus.Of(path).Identity;

    /// <summary>The kind in words, as in <c>it is a named pipe</c>.</summary>
    public static string Name(FileKind kind) => kind switch
    {
        FileKind.File => "a file",
        FileKind.Folder => "a folder",
        FileKind.Pipe => "a named pipe",
        FileKind.Device => "a device",
        _ => "a socket",
    };

    internal static FileIdentity OfInode(FileKind kind, ulong device, ulong inode) => new(kind, device, inode, place: null);

    internal static FileIdentity OfPlace(FileKind kind, string place) => new(kind, 0, 0, place);
}
