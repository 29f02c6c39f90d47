using System.Diagnostics.CodeAnalysis;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Tests.Libraries;

/// <summary>A loader for empty files: what they would be is said beforehand.</summary>
internal sealed class FakeLoader : ILibraryLoader
{
    readonly List<string> _loaded = [];

    /// <summary>Versions by a part of the path; a file that is not listed has no version.</summary>
    public Dictionary<string, LibraryVersion> Versions { get; } = [];

    /// <summary>Reasons why files do not load, by a part of their path.</summary>
    public Dictionary<string, string> Broken { get; } = [];

    /// <summary>Paths that bare names stand for.</summary>
    public Dictionary<string, string> ByName { get; } = [];

    /// <summary>Exports that files lack, by a part of their path.</summary>
    public Dictionary<string, string> Lacking { get; } = [];

    public IReadOnlyList<string> Loaded => _loaded;

    public List<string> Freed { get; } = [];

    public bool TryLoad(string file, out nint handle, [NotNullWhen(false)] out string? problem)
    {
        handle = 0;
        problem = Broken.FirstOrDefault(item => file.Contains(item.Key)).Value;
        if (problem is not null) return false;
        if (!Path.IsPathRooted(file) && !ByName.ContainsKey(file))
        {
            problem = "cannot open shared object file";
            return false;
        }
        _loaded.Add(Path.IsPathRooted(file) ? file : ByName[file]);
        handle = _loaded.Count;
        return true;
    }

    public bool HasExport(nint handle, string name) =>
        !Lacking.Any(item => _loaded[(int)handle - 1].Contains(item.Key) && item.Value == name);

    public LibraryVersion? VersionOf(VersionQuery query, nint handle, IReadOnlyList<nint> companions) =>
        Versions.FirstOrDefault(item => _loaded[(int)handle - 1].Contains(item.Key)).Value;

    public string? LoadedPath(string fileName) => _loaded.FirstOrDefault(path => Path.GetFileName(path) == fileName);

    public void Free(nint handle) => Freed.Add(_loaded[(int)handle - 1]);
}
