using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda;

/// <summary>What the search for one of NVIDIA's libraries tried and found.</summary>
/// <param name="Name">E.g. <c>cuBLAS</c>.</param>
/// <param name="Path">The file that is used; null where none is.</param>
/// <param name="Version">Its own version.</param>
/// <param name="CudaVersion">The CUDA version it is for.</param>
/// <param name="Attempts">Every place, in order.</param>
/// <param name="Problem">What is missing and what to do; null where nothing is.</param>
public sealed record CudaLibraryReport(string Name, string? Path, Version? Version, Version? CudaVersion, IReadOnlyList<LibraryAttempt> Attempts, string? Problem)
{
    /// <summary>The problem of a place that holds no file of the name.</summary>
    public const string NotThere = LibrarySearch.NotThere;

    internal static CudaLibraryReport Of(LibrarySearchResult result) =>
        new(result.Family.Name, result.Path, result.Version?.Own, result.Version?.Cuda, result.Attempts, result.IsFound ? null : result.Problem);
}

/// <summary>One try to find a library.</summary>
/// <param name="Origin">Who named the place.</param>
/// <param name="File">Absolute path; where no file of the name was there, the folder, or the bare names that the system was asked for.</param>
/// <param name="Problem">Why it was not taken; null for the one that was.</param>
public sealed record LibraryAttempt(string Origin, string File, string? Problem);
