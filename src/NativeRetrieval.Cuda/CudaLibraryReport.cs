using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda;

/// <summary>The search for one of NVIDIA's libraries: every attempt, and the file that is used.</summary>
/// <param name="Name">The library's name, e.g. <c>cuBLAS</c>.</param>
/// <param name="Path">The absolute path of the file that is used; null where none is.</param>
/// <param name="Version">The library's own version, e.g. 12.4.5 of cuBLAS; null where none is used.</param>
/// <param name="CudaVersion">The CUDA version that it is for; null where none is used.</param>
/// <param name="Attempts">The places that were tried, in order.</param>
/// <param name="Problem">The missing part and advice; null where a file is used.</param>
public sealed record CudaLibraryReport(string Name, string? Path, Version? Version, Version? CudaVersion,
    IReadOnlyList<LibraryAttempt> Attempts, string? Problem)
{
    /// <summary>The <see cref="LibraryAttempt.Problem"/> of a place that holds no file of the name.</summary>
    public const string NotThere = LibrarySearch.NotThere;

    internal static CudaLibraryReport Of(LibrarySearchResult result) =>
        new(result.Family.Name, result.Path, result.Version?.Own, result.Version?.Cuda, result.Attempts,
            result.IsFound ? null : result.Problem);
}

/// <summary>One attempt to find a library.</summary>
/// <param name="Origin">The source of the place, e.g. <c>CUDA_HOME</c>.</param>
/// <param name="File">
/// The absolute path. Where no file was there, the folder, or the bare names that the system was asked for.
/// </param>
/// <param name="Problem">The reason why it was not taken; null for the one that was.</param>
public sealed record LibraryAttempt(string Origin, string File, string? Problem);
