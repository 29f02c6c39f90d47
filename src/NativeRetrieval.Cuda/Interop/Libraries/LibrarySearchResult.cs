namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>The outcome of the search for a family: every attempt, and the library where one was taken.</summary>
internal sealed record LibrarySearchResult(LibraryFamily Family, IReadOnlyList<LibraryAttempt> Attempts)
{
    /// <summary>The handle of the main library; 0 where nothing was found.</summary>
    public nint Handle { get; init; }

    /// <summary>Handles of the loaded companions, by file name up to <c>.so</c>, e.g. <c>libcublasLt</c>.</summary>
    public IReadOnlyDictionary<string, nint> Companions { get; init; } = new Dictionary<string, nint>();

    public string? Path { get; init; }

    public LibraryVersion? Version { get; init; }

    public bool IsFound => Handle != 0;

    /// <summary>A message for users: the missing library, what was refused and why, and what to do.</summary>
    public string Problem
    {
        get
        {
            var refused = Attempts.Where(attempt => attempt.Problem is not null and not LibrarySearch.NotThere).ToList();
            string found = refused.Count == 0
                ? $"{Family.Name} is not on this machine ({string.Join(", ", Family.Sonames)})"
                : $"{Family.Name} cannot be used: {string.Join("; ", refused.Select(attempt => $"{attempt.File}: {attempt.Problem}"))}";
            return $"{found}; {Family.HowToInstall}, or name its folder in {SearchPlaces.PathVariable}";
        }
    }
}

/// <summary>The version that a library tells of itself.</summary>
/// <param name="Own">The library's version, e.g. cuDNN 9.10.2.</param>
/// <param name="Cuda">The CUDA version it is for: a driver must know at least its major part.</param>
internal sealed record LibraryVersion(Version Own, Version Cuda);
