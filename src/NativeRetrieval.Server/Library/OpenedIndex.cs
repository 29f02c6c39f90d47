using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Server.Library;

/// <summary>An open index, and what belongs to it.</summary>
internal sealed class OpenedIndex(LocalAudioIndex index, LibrarySearch search)
{
    readonly Lock _gate = new();
    long _summarised = -1;
    IndexContents _contents = IndexContents.None;

    public LocalAudioIndex Index => index;

    public LibrarySearch Search => search;

    /// <summary>The index's files by their ids.</summary>
    public FileTable Files { get; } = new(index);

    /// <summary>Calls that use it, and one for the service itself.</summary>
    public int Users { get; set; } = 1;

    /// <summary>The contents of the index now; computed again where there was a commit.</summary>
    public IndexContents Contents()
    {
        lock (_gate)
        {
            long commits = index.Commits;
            if (_summarised != commits) (_contents, _summarised) = (IndexContents.Of(index), commits);
            return _contents;
        }
    }
}

/// <summary>Values that filters can take in an index, for whoever chooses among them.</summary>
/// <param name="Seconds">Length of all files.</param>
/// <param name="Categories">Categories with the number of files in each, by name.</param>
/// <param name="Tags">Keywords, the commonest first.</param>
/// <param name="Folders">Folders that hold files, by name.</param>
internal sealed record IndexContents(double Seconds, IReadOnlyList<KeyValuePair<string, int>> Categories, IReadOnlyList<string> Tags,
    IReadOnlyList<string> Folders)
{
    /// <summary>Most tags and folders that are listed.</summary>
    const int Most = 1000;

    public static IndexContents None { get; } = new(0, [], [], []);

    public static IndexContents Of(LocalAudioIndex index)
    {
        var details = index.Details();
        return new IndexContents(
            details.Values.Sum(file => file?.DurationSeconds ?? 0),
            [.. details.Values.Select(file => file?.Category).OfType<string>().CountBy(category => category)
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)],
            [.. details.Values.SelectMany(file => file?.Tags ?? []).CountBy(tag => tag).OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Key).Take(Most)],
            [.. details.Keys.Select(path => Path.GetDirectoryName(path)!).Distinct().Order(StringComparer.Ordinal).Take(Most)]);
    }
}
