using System.Diagnostics.CodeAnalysis;

namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>What the search asks of the system's loader; tests answer in its place.</summary>
internal interface ILibraryLoader
{
    /// <param name="file">An absolute path, or a bare name that the system looks up.</param>
    /// <param name="problem">The loader's words where it fails.</param>
    bool TryLoad(string file, out nint handle, [NotNullWhen(false)] out string? problem);

    bool HasExport(nint handle, string name);

    /// <summary>Asks the library; null where it does not answer.</summary>
    /// <param name="companions">Handles of the family's companions, in the family's order.</param>
    LibraryVersion? VersionOf(VersionQuery query, nint handle, IReadOnlyList<nint> companions);

    /// <summary>Absolute path of a loaded library of this file name, or null.</summary>
    string? LoadedPath(string fileName);

    /// <summary>Gives back a library that was refused; one that is used is never given back.</summary>
    void Free(nint handle);
}
