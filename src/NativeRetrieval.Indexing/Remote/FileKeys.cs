using System.Text;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>
/// Forms of a file's facts that a server compares as they are, so that its filters find what
/// <see cref="Storage.Searching.FileFilter"/> finds, whatever the server's rules for letters are.
/// </summary>
internal sealed record FileKeys
{
    /// <summary>Full path with slashes.</summary>
    public required string Path { get; init; }

    /// <summary><see cref="Path"/> in small letters.</summary>
    public required string LowerPath { get; init; }

    /// <summary>Folders of the path, with a slash before, between and behind.</summary>
    public required string Folders { get; init; }

    /// <summary><see cref="Folders"/> in capital letters.</summary>
    public required string UpperFolders { get; init; }

    /// <summary>Category, identifier and the part before the first hyphen, in capital letters.</summary>
    public required string[] Categories { get; init; }

    /// <summary>Keywords in capital letters.</summary>
    public required string[] Tags { get; init; }

    public static FileKeys Of(string fullPath, SoundDetails details)
    {
        string path = Slashes(fullPath);
        int end = path.LastIndexOf('/');
        string folders = $"/{(end < 0 ? "" : path[..end].Trim('/'))}/";
        var categories = new List<string>();
        if (details.CatId is { } id) categories.Add(Upper(id));
        if (details.Category is { } whole)
        {
            categories.Add(Upper(whole));
            if (whole.IndexOf('-', StringComparison.Ordinal) is > 0 and var hyphen) categories.Add(Upper(whole[..hyphen].Trim()));
        }
        return new FileKeys
        {
            Path = Clean(path), LowerPath = Lower(path), Folders = Clean(folders), UpperFolders = Upper(folders),
            Categories = [.. categories.Distinct()], Tags = [.. details.Tags.Select(Upper).Distinct()],
        };
    }

    public static string Upper(string text) => Clean(text).ToUpperInvariant();

    public static string Lower(string text) => Clean(text).ToLowerInvariant();

    public static string Slashes(string path) => path.Replace('\\', '/');

    /// <summary>The text without what no server stores: NUL and halves of surrogate pairs.</summary>
    public static string Clean(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
}
