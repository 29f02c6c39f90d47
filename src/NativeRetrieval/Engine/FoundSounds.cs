using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>The sound files that paths stand for, and the sounds, folders and links that were left out on the way to them.</summary>
public sealed class FoundSounds
{
    readonly IReadOnlyDictionary<FileIdentity, string> _pathOf;

    internal FoundSounds(IReadOnlyList<string> files, IReadOnlyList<FileReport> leftOut,
        IReadOnlyDictionary<FileIdentity, string> pathOf) =>
        (Files, LeftOut, _pathOf) = (files, leftOut, pathOf);

    /// <summary>The files to read, each real file once, in the order of the paths given and by name within a folder.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The sounds that will not be read, and the folders and links that could not be followed, with the reason.</summary>
    public IReadOnlyList<FileReport> LeftOut { get; }

    /// <summary>True where a path leads to a file that was found under another path.</summary>
    internal bool IsAlias(string fullPath)
    {
        try
        {
            return _pathOf.TryGetValue(FileIdentity.Of(fullPath), out string? path) && path != fullPath;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// True where the state of a path is unknown: it is of a kind that is not read here, or is, or lies below, something that could not be
    /// followed.
    /// </summary>
    bool IsOutOfSight(string fullPath) => LeftOut.Any(left => left.Outcome is FileOutcome.Skipped or FileOutcome.UnreadableKind
        && fullPath.StartsWith(left.Path, StringComparison.Ordinal)
        && (fullPath.Length == left.Path.Length || fullPath[left.Path.Length] == Path.DirectorySeparatorChar));

    /// <summary>True where an indexed file that was not found is gone, or is a second path of one that was.</summary>
    internal bool IsGone(string fullPath) => !IsOutOfSight(fullPath) && (!File.Exists(fullPath) || IsAlias(fullPath));

    /// <summary>Refuses a folder that had indexed files and now has none.</summary>
    /// <param name="folder">The folder, with a separator at its end.</param>
    /// <param name="known">Files of the index.</param>
    /// <exception cref="OptionException">All its files are gone.</exception>
    internal void RequireNotEmptied(string folder, IEnumerable<IndexedFile> known)
    {
        if (HasAnyBelow(folder)) return;
        int lost = known.Count(file => file.FullPath.StartsWith(folder, StringComparison.Ordinal) && IsGone(file.FullPath)
            && !IsAlias(file.FullPath));
        if (lost > 0) throw Emptied(folder, "holds no sound any more", lost);
    }

    /// <summary>The refusal of a folder all of whose files are gone.</summary>
    internal static OptionException Emptied(string folder, string state, int files) =>
        new($"{folder} {state}, and the index has {files:N0} {(files == 1 ? "file" : "files")} of it: is a disk not mounted? "
            + "If they are gone for good, take them out of the index by --allow-empty");

    /// <summary>True where sounds of any kind were found below a folder, given with a separator at its end.</summary>
    bool HasAnyBelow(string folder) => Files.Select(Path.GetFullPath)
        .Concat(LeftOut.Where(left => left.Outcome != FileOutcome.Skipped).Select(left => left.Path))
        .Any(path => path.StartsWith(folder, StringComparison.Ordinal));
}
