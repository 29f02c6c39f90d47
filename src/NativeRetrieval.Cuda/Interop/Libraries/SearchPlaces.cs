namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>The places of a family, in the order of the search. Folders are looked at, nothing is loaded.</summary>
internal static class SearchPlaces
{
    public const string PathVariable = "NATIVERETRIEVAL_CUDA_PATH";

    public const string AlreadyLoaded = "already loaded";

    public const string ByName = "system library path";

    public static IEnumerable<SearchPlace> For(LibraryFamily family, SearchEnvironment environment)
    {
        var seen = new HashSet<string>();
        foreach (string folder in Split(environment.Variable(PathVariable)))
            foreach (string place in (string[])[folder, Path.Combine(folder, "lib64"), Path.Combine(folder, "lib")])
                if (IsNew(place)) yield return new(PathVariable, place);

        if (environment.AskSystem)
        {
            yield return new(AlreadyLoaded, null);
            yield return new(ByName, null);
        }
        // The driver belongs to the system; what toolkits and wheels hold under its name are stubs.
        if (family == LibraryFamily.Driver) yield break;

        foreach (string variable in (string[])["CUDA_HOME", "CUDA_PATH"])
            if (environment.Variable(variable) is { Length: > 0 } home && IsNew(Path.Combine(home, "lib64")))
                yield return new(variable, Path.Combine(home, "lib64"));

        foreach (string toolkit in Toolkits(environment.ToolkitRoot))
            if (IsNew(Path.Combine(toolkit, "lib64"))) yield return new(toolkit, Path.Combine(toolkit, "lib64"));

        foreach (var (origin, packages) in SitePackages(environment))
            foreach (string layout in family.WheelFolders)
                if (IsNew(Path.Combine(packages, layout))) yield return new(origin, Path.Combine(packages, layout));

        if (environment.Variable("CONDA_PREFIX") is { Length: > 0 } conda && IsNew(Path.Combine(conda, "lib")))
            yield return new("CONDA_PREFIX", Path.Combine(conda, "lib"));

        bool IsNew(string folder) => Directory.Exists(folder) && seen.Add(Path.GetFullPath(folder));
    }

    /// <summary>
    /// The toolkits of a folder: cuda first, because the administrator points it at the version to use; then the others, newest
    /// first.
    /// </summary>
    static IEnumerable<string> Toolkits(string root) =>
        !Directory.Exists(root) ? [] : Directory.EnumerateDirectories(root, "cuda*")
            .OrderByDescending(folder => Path.GetFileName(folder) == "cuda")
            .ThenByDescending(VersionOf)
            .ThenByDescending(folder => folder, StringComparer.Ordinal);

    static Version VersionOf(string toolkit) =>
        System.Version.TryParse(Path.GetFileName(toolkit).AsSpan().TrimStart("cuda-"), out var version) ? version : new(0, 0);

    static IEnumerable<(string Origin, string Folder)> SitePackages(SearchEnvironment environment)
    {
        foreach (var (origin, prefix) in PythonPrefixes(environment))
            foreach (string library in (string[])["lib", "lib64"])
            {
                string folder = Path.Combine(prefix, library);
                if (!Directory.Exists(folder)) continue;
                foreach (string python in Directory.EnumerateDirectories(folder, "python3*")
                    .OrderByDescending(name => name, StringComparer.Ordinal))
                    foreach (string packages in (string[])["site-packages", "dist-packages"])
                        if (Directory.Exists(Path.Combine(python, packages))) yield return (origin, Path.Combine(python, packages));
            }
    }

    static IEnumerable<(string Origin, string Prefix)> PythonPrefixes(SearchEnvironment environment)
    {
        if (environment.Variable("VIRTUAL_ENV") is { Length: > 0 } virtualEnvironment) yield return ("VIRTUAL_ENV", virtualEnvironment);
        foreach (string folder in Split(environment.Variable("PATH")))
        {
            string python = Path.Combine(folder, "python3");
            if (!File.Exists(python)) continue;
            // An environment's python3 is a link: both it and what it points at have packages of their own.
            if (Path.GetDirectoryName(Path.GetFullPath(folder)) is { } prefix) yield return ("python3 on PATH", prefix);
            if (File.ResolveLinkTarget(python, returnFinalTarget: true) is { } target
                && Path.GetDirectoryName(Path.GetDirectoryName(target.FullName)) is { } real)
                yield return ("python3 on PATH", real);
            break;
        }
        if (environment.Variable("CONDA_PREFIX") is { Length: > 0 } conda) yield return ("CONDA_PREFIX", conda);
    }

    static IEnumerable<string> Split(string? list) =>
        (list ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(Path.GetFullPath);
}

/// <summary>A place that may hold libraries.</summary>
/// <param name="Origin">The source of the place, e.g. <c>CUDA_HOME</c>.</param>
/// <param name="Folder">The absolute path; null where the system is asked by bare name.</param>
internal sealed record SearchPlace(string Origin, string? Folder);

/// <summary>The properties of the machine that decide where libraries may be.</summary>
internal sealed record SearchEnvironment
{
    /// <summary>The values of environment variables; null for those not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The folder of toolkits that are installed beside the distribution's own packages.</summary>
    public string ToolkitRoot { get; init; } = "/usr/local";

    /// <summary>True where libraries that are loaded already, and those that the system finds by name, count.</summary>
    public bool AskSystem { get; init; } = true;

    public static SearchEnvironment OfProcess { get; } = new() { Variable = Environment.GetEnvironmentVariable };
}
