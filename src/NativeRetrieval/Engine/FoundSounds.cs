using NativeRetrieval.Core.Serialization;

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

    /// <summary>True where the state of a path is unknown, because it is, or lies below, something that could not be followed.</summary>
    internal bool IsOutOfSight(string fullPath) => LeftOut.Any(left => left.Outcome == FileOutcome.Skipped
        && fullPath.StartsWith(left.Path, StringComparison.Ordinal)
        && (fullPath.Length == left.Path.Length || fullPath[left.Path.Length] == Path.DirectorySeparatorChar));

    /// <summary>True where sounds of any kind were found below a folder, given with a separator at its end.</summary>
    internal bool HasAnyBelow(string folder) => Files.Select(Path.GetFullPath)
        .Concat(LeftOut.Where(left => left.Outcome != FileOutcome.Skipped).Select(left => left.Path))
        .Any(path => path.StartsWith(folder, StringComparison.Ordinal));
}
