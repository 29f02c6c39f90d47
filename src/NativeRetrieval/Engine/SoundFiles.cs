using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Engine;

/// <summary>
/// Finds the sound files that paths stand for: files as given, whatever their name, and folders with everything below them whose extension
/// is that of a sound (<see cref="SoundFormats"/>). Links are followed; each real folder and file is taken once, under its first path,
/// and a path without links comes before one with. Names that begin with a dot are passed over in folders.
/// </summary>
public sealed class SoundFiles
{
    static readonly EnumerationOptions _visible = new()
    {
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
        IgnoreInaccessible = false,
    };

    readonly List<string> _files = [];
    readonly List<FileReport> _leftOut = [];
    readonly Dictionary<FileIdentity, string> _pathOf = [];
    readonly HashSet<FileIdentity> _folders = [];
    readonly CancellationToken _cancellation;

    SoundFiles(CancellationToken cancellation) => _cancellation = cancellation;

    /// <summary>Looks for sounds without opening them.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <exception cref="OptionException">A path does not exist.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static FoundSounds Find(IEnumerable<string> paths, CancellationToken cancellation = default)
    {
        var search = new SoundFiles(cancellation);
        foreach (string path in paths) search.Take(path);
        return new FoundSounds(search._files, search._leftOut, search._pathOf);
    }

    void Take(string path)
    {
        if (Look(path, out bool isAbsent) is not { } identity)
        {
            if (isAbsent) throw new OptionException($"{path} does not exist; name sound files or folders");
        }
        else if (identity.Kind != FileKind.Folder) TakeFile(path, identity);
        else if (_folders.Add(identity)) TakeFolder(path);
    }

    void TakeFolder(string root)
    {
        var sounds = new List<(string Path, FileIdentity Identity, bool IsLinked)>();
        // Folders behind links wait until all others are done: a real path comes before a linked one.
        var folders = new Stack<(string Path, bool IsLinked)>([(root, false)]);
        var linked = new Queue<(string Path, FileIdentity Identity)>();
        while (Next() is var (folder, isLinked))
            foreach (var entry in Entries(folder))
            {
                _cancellation.ThrowIfCancellationRequested();
                var attributes = AttributesOf(entry);
                bool isLink = (attributes & FileAttributes.ReparsePoint) != 0;
                string path = Path.Combine(folder, entry.Name);
                if (!isLink && (attributes & FileAttributes.Directory) == 0 && SoundFormats.Of(path) is null) continue;
                if (Look(path, out _) is not { } identity) continue;
                if (identity.Kind != FileKind.Folder)
                {
                    if (SoundFormats.Of(path) is not null) sounds.Add((path, identity, isLinked || isLink));
                }
                else if (isLink) linked.Enqueue((path, identity));
                else if (_folders.Add(identity)) folders.Push((path, isLinked));
            }
        foreach (var (path, identity, _) in sounds.OrderBy(sound => sound.IsLinked).ThenBy(sound => sound.Path, StringComparer.Ordinal))
            TakeSound(path, identity);

        (string, bool)? Next()
        {
            if (folders.TryPop(out var real)) return real;
            while (linked.TryDequeue(out var link))
                if (_folders.Add(link.Identity)) return (link.Path, true);
            return null;
        }
    }

    IReadOnlyList<FileSystemInfo> Entries(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", _visible)
                .OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Skip(folder, $"this folder cannot be read: {Reason(error)}; what the index holds of it stays");
            return [];
        }
    }

    /// <summary>The attributes of an entry; one that does not tell is looked up as a link is.</summary>
    static FileAttributes AttributesOf(FileSystemInfo entry)
    {
        try
        {
            return entry.Attributes;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return FileAttributes.ReparsePoint;
        }
    }

    void TakeSound(string path, FileIdentity identity)
    {
        var format = SoundFormats.Of(path)!;
        if (identity.Kind != FileKind.File || format.ReadBy is not null) TakeFile(path, identity);
        else LeaveOut(path, FileOutcome.UnreadableKind, $"{format.Name} cannot be read here: {format.HowToInstall}");
    }

    void TakeFile(string path, FileIdentity identity)
    {
        if (identity.Kind != FileKind.File) Skip(path, $"is {FileIdentity.Name(identity.Kind)}, not a file");
        else if (_pathOf.TryAdd(identity, Path.GetFullPath(path))) _files.Add(path);
        else if (_pathOf[identity] is var first && first != Path.GetFullPath(path))
            LeaveOut(path, FileOutcome.Duplicate, $"is the same file as {first}");
    }

    /// <summary>Looks up a path; reports what cannot be followed.</summary>
    /// <param name="isAbsent">Nothing has this name.</param>
    FileIdentity? Look(string path, out bool isAbsent)
    {
        isAbsent = false;
        try
        {
            return FileIdentity.Of(path);
        }
        catch (FileNotFoundException)
        {
            string? target = new FileInfo(path).LinkTarget;
            isAbsent = target is null;
            if (target is not null) Skip(path, $"is a link to {target}, which does not exist");
            else if (path.Contains('\uFFFD', StringComparison.Ordinal)) Skip(path, "its name is not valid UTF-8; rename it");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Skip(path, $"cannot be read: {Reason(error)}");
        }
        return null;
    }

    void Skip(string path, string reason) => LeaveOut(path, FileOutcome.Skipped, reason);

    void LeaveOut(string path, FileOutcome outcome, string reason) =>
        _leftOut.Add(new FileReport(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), outcome, $"{path}: {reason}"));

    static string Reason(Exception error) => error is UnauthorizedAccessException ? "no permission" : error.Message;
}
