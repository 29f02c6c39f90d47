namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>The conditions of a <see cref="SoundFilter"/> on files, ready to be applied to many.</summary>
internal sealed class FileFilter(SoundFilter filter)
{
    readonly PathGlob[] _names = [.. filter.Names.Select(name => new PathGlob(name, ignoresCase: true))];
    readonly (string Names, bool IsAbsolute)[] _folders =
        [.. filter.Folders.Select(folder => (Slashes(folder).Trim('/'), Path.IsPathFullyQualified(folder)))];
    readonly string[] _categories = [.. filter.Categories], _tags = [.. filter.Tags];
    readonly int[] _rates = [.. filter.SampleRatesHz], _channels = [.. filter.Channels];
    readonly string? _fullPath = filter.FullPath is null ? null : Path.GetFullPath(filter.FullPath);

    /// <summary>True where every file passes.</summary>
    public bool IsOpen => filter is
    {
        Folders.Count: 0, Names.Count: 0, SampleRatesHz.Count: 0, Channels.Count: 0, Categories.Count: 0, Tags.Count: 0,
        MinSeconds: null, MaxSeconds: null, AddedAfter: null, FullPath: null,
    };

    public bool Passes(FileEntry file)
    {
        var details = file.Details;
        return (_fullPath is null || file.FullPath == _fullPath)
            && !(details.DurationSeconds < filter.MinSeconds) && !(details.DurationSeconds > filter.MaxSeconds)
            && IsAmong(_rates, details.SampleRateHz) && IsAmong(_channels, details.Channels)
            && (filter.AddedAfter is null || details.AddedUtc > filter.AddedAfter)
            && (_categories.Length == 0 || _categories.Any(category => IsOfCategory(details, category)))
            && (_tags.Length == 0 || _tags.Any(tag => details.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase)))
            && (_folders.Length == 0 || IsBelow(file.FullPath))
            && (_names.Length == 0 || _names.Any(name => name.Matches(file.FullPath)));
    }

    static bool IsAmong(int[] values, int? value) => values.Length == 0 || (value is { } known && values.Contains(known));

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
        return _folders.Any(folder => folder.Names.Length == 0 || (folder.IsAbsolute
            ? $"{folders}/".StartsWith($"{folder.Names}/", StringComparison.Ordinal)
            : $"/{folders}/".Contains($"/{folder.Names}/", StringComparison.OrdinalIgnoreCase)));
    }

    static string Slashes(string path) => path.Replace('\\', '/');
}
