namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>The conditions of a <see cref="SoundFilter"/> on files, ready to be applied to many.</summary>
internal sealed class FileFilter(SoundFilter filter)
{
    readonly PathGlob? _name = filter.Name is null ? null : new PathGlob(filter.Name, ignoresCase: true);
    readonly string? _folder = filter.Folder is null ? null : Slashes(filter.Folder).Trim('/');
    readonly bool _isAbsolute = filter.Folder is not null && Path.IsPathFullyQualified(filter.Folder);
    readonly string? _fullPath = filter.FullPath is null ? null : Path.GetFullPath(filter.FullPath);

    /// <summary>True where every file passes.</summary>
    public bool IsOpen => filter with { MinScore = null } == SoundFilter.None;

    public bool Passes(FileEntry file)
    {
        var details = file.Details;
        return (_fullPath is null || file.FullPath == _fullPath)
            && !(details.DurationSeconds < filter.MinSeconds) && !(details.DurationSeconds > filter.MaxSeconds)
            && (filter.SampleRateHz is null || details.SampleRateHz == filter.SampleRateHz)
            && (filter.Channels is null || details.Channels == filter.Channels)
            && (filter.AddedAfter is null || details.AddedUtc > filter.AddedAfter)
            && (filter.Category is null || IsOfCategory(details, filter.Category))
            && (filter.Tag is null || details.Tags.Contains(filter.Tag, StringComparer.OrdinalIgnoreCase))
            && (_folder is null || IsBelow(file.FullPath))
            && (_name is null || _name.Matches(file.FullPath));
    }

    static bool IsOfCategory(SoundDetails details, string category) =>
        category.Equals(details.CatId, StringComparison.OrdinalIgnoreCase)
        || category.Equals(details.Category, StringComparison.OrdinalIgnoreCase)
        || (details.Category is { } whole && whole.IndexOf('-', StringComparison.Ordinal) is > 0 and var hyphen
            && category.Equals(whole[..hyphen].Trim(), StringComparison.OrdinalIgnoreCase));

    bool IsBelow(string fullPath)
    {
        string path = Slashes(fullPath);
        int end = path.LastIndexOf('/');
        string folders = end < 0 ? "" : path[..end].Trim('/');
        if (_folder!.Length == 0) return true;
        return _isAbsolute
            ? $"{folders}/".StartsWith($"{_folder}/", StringComparison.Ordinal)
            : $"/{folders}/".Contains($"/{_folder}/", StringComparison.OrdinalIgnoreCase);
    }

    static string Slashes(string path) => path.Replace('\\', '/');
}
