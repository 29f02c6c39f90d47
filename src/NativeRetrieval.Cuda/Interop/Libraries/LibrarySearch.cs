namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>
/// The search for one family: places in turn, in each the newest file first, until one loads, is what its name says and is new
/// enough.
/// </summary>
internal sealed class LibrarySearch(LibraryFamily family, SearchEnvironment environment, ILibraryLoader loader, Version? driver = null)
{
    public const string NotThere = "not there";

    readonly List<LibraryAttempt> _attempts = [];

    /// <param name="driver">The CUDA version of the driver; a library for a newer major version is refused.</param>
    public static LibrarySearchResult Run(LibraryFamily family, SearchEnvironment environment, ILibraryLoader loader,
        Version? driver = null) =>
        new LibrarySearch(family, environment, loader, driver).Run();

    LibrarySearchResult Run()
    {
        foreach (var place in SearchPlaces.For(family, environment))
        {
            int before = _attempts.Count;
            foreach (string soname in family.Sonames)
            {
                string? file = FileAt(place, soname);
                if (file is not null && TryTake(place, file) is { } result) return result;
            }
            if (_attempts.Count == before) _attempts.Add(new(place.Origin, place.Folder ?? string.Join(", ", family.Sonames), NotThere));
        }
        return new(family, _attempts);
    }

    string? FileAt(SearchPlace place, string soname)
    {
        if (place.Folder is not null) return File.Exists(Path.Combine(place.Folder, soname)) ? Path.Combine(place.Folder, soname) : null;
        return place.Origin == SearchPlaces.AlreadyLoaded ? loader.LoadedPath(soname) : soname;
    }

    LibrarySearchResult? TryTake(SearchPlace place, string file)
    {
        string soname = Array.Find(family.Sonames, name => Path.GetFileName(file).StartsWith(name, StringComparison.Ordinal))
            ?? family.Sonames[0];
        var companions = new List<(string File, nint Handle)>();
        string? problem = LoadCompanions(Path.GetDirectoryName(file), soname, companions);
        nint handle = 0;
        if (problem is null && loader.TryLoad(file, out handle, out problem))
        {
            // By bare name the file's own folder is known only now.
            string path = Path.IsPathRooted(file) ? file : loader.LoadedPath(file) ?? file;
            problem = Refusal(handle, path, companions, out var version);
            if (problem is null)
            {
                _attempts.Add(new(place.Origin, path, null));
                var handles = companions.ToDictionary(item => StemOf(item.File), item => item.Handle);
                return new(family, _attempts) { Handle = handle, Path = path, Version = version, Companions = handles };
            }
            loader.Free(handle);
            file = path;
        }
        foreach (var companion in companions) loader.Free(companion.Handle);
        // A bare name that the system does not know is no finding.
        if (Path.IsPathRooted(file) || handle != 0) _attempts.Add(new(place.Origin, file, problem));
        return null;
    }

    /// <summary>
    /// Loads the companions from the main library's folder, or by name where that is how it is found. Returns what went wrong.
    /// </summary>
    string? LoadCompanions(string? folder, string soname, List<(string File, nint Handle)> companions)
    {
        string version = soname[(soname.IndexOf(".so.", StringComparison.Ordinal) + 4)..];
        foreach (var (pattern, required) in family.Companions)
        {
            string name = pattern.Replace("{version}", version, StringComparison.Ordinal)
                .Replace("{major}", version.Split('.')[0], StringComparison.Ordinal);
            var files = CompanionFiles(folder, name);
            foreach (string file in files)
            {
                if (loader.TryLoad(file, out nint handle, out string? problem)) companions.Add((file, handle));
                else if (required) return $"{Path.GetFileName(file)} beside it: {problem}";
            }
            if (required && files.Count == 0 && !string.IsNullOrEmpty(folder)) return $"{name} is not beside it";
        }
        return null;
    }

    static List<string> CompanionFiles(string? folder, string name)
    {
        if (string.IsNullOrEmpty(folder)) return name.Contains('*') ? [] : [name];
        if (!name.Contains('*')) return File.Exists(Path.Combine(folder, name)) ? [Path.Combine(folder, name)] : [];
        string stem = name[..name.IndexOf('*')];
        // libnvrtc-builtins.so.12.4, not the libnvrtc-builtins.so.12.4.127 behind it.
        return [.. Directory.EnumerateFiles(folder, name).Where(file => Path.GetFileName(file)[stem.Length..].All(char.IsAsciiDigit))
            .Order(StringComparer.Ordinal)];
    }

    string? Refusal(nint handle, string path, List<(string File, nint Handle)> companions, out LibraryVersion? version)
    {
        version = null;
        foreach (string export in family.Exports)
            if (!loader.HasExport(handle, export)) return $"it has no function {export}: too old, or another library of the same name";
        foreach (string file in companions.Select(item => item.File))
        {
            string companion = Path.IsPathRooted(file) ? file : loader.LoadedPath(file) ?? file;
            if (Path.GetDirectoryName(companion) != Path.GetDirectoryName(path))
                return $"its companion {companion} comes from another folder; one version's files belong together";
        }
        version = loader.VersionOf(family.Version, handle, [.. companions.Select(item => item.Handle)]);
        if (version is null) return "it does not tell its version";
        if (version.Own < family.Minimum) return $"version {version.Own} is too old; {family.Minimum} or newer is needed";
        if (driver is not null && version.Cuda.Major > driver.Major)
            return $"version {version.Own} is for CUDA {version.Cuda.Major}, but the driver knows CUDA {driver} at most; "
                + $"update the driver or install the library for CUDA {driver.Major}";
        return null;
    }

    static string StemOf(string file)
    {
        string name = Path.GetFileName(file);
        return name[..name.IndexOf(".so", StringComparison.Ordinal)];
    }
}
