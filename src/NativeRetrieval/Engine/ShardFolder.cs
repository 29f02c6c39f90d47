using System.Globalization;
using System.Text.RegularExpressions;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>A folder in which jobs have indexed shards: an index and a <see cref="ShardManifest"/> for each.</summary>
public sealed partial class ShardFolder
{
    ShardFolder(string path, IReadOnlyList<ShardStatus> shards) => (Path, Shards) = (path, shards);

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>All shards, by number.</summary>
    public IReadOnlyList<ShardStatus> Shards { get; }

    /// <summary>Numbers of the shards that are not complete.</summary>
    public IReadOnlyList<int> Missing => [.. Shards.Where(shard => !shard.IsComplete).Select(shard => shard.Shard.Number)];

    /// <summary>Looks at what is there.</summary>
    /// <exception cref="OptionException">There is no shard, or there are those of several divisions.</exception>
    /// <exception cref="CorruptFileException">A manifest has another form.</exception>
    public static ShardFolder Open(string path)
    {
        int[] counts = Directory.Exists(path)
            ? [.. Directory.EnumerateFileSystemEntries(path).Select(entry => Name().Match(System.IO.Path.GetFileName(entry)))
                .Where(match => match.Success).Select(match => int.Parse(match.Groups["of"].Value, CultureInfo.InvariantCulture))
                .Distinct().Order()]
            : [];
        if (counts.Length == 0) throw new OptionException($"{path}: there are no shards; `nativeretrieval index … --shard 1/N --to` "
            + $"makes them");
        if (counts.Length > 1)
            throw new OptionException($"{path}: holds shards of several divisions, into {string.Join(" and ", counts)}; "
                + "keep each in a folder of its own");
        return new ShardFolder(path, [.. Enumerable.Range(1, counts[0]).Select(number => StatusOf(path, new Shard(number, counts[0])))]);
    }

    static ShardStatus StatusOf(string path, Shard shard)
    {
        string folder = System.IO.Path.Combine(path, shard.Name);
        if (!Directory.Exists(folder)) return new ShardStatus(shard, folder, null, "was not begun");
        var manifest = ShardManifest.Read(path, shard);
        if (manifest is null) return new ShardStatus(shard, folder, null, "was not finished");
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        return index.Id != manifest.IndexId || index.Commits != manifest.Commits || manifest.Positions.Count != index.Files().Count
            ? new ShardStatus(shard, folder, null, "was changed by a run that is not finished")
            : new ShardStatus(shard, folder, manifest, "complete");
    }

    [GeneratedRegex(@"^shard-\d{5}-of-(?<of>\d{5})(\.json)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}

/// <summary>A shard and how far it is.</summary>
/// <param name="Folder">Its index.</param>
/// <param name="Manifest">Its manifest; null: it is not complete.</param>
/// <param name="State">How far it is, for people.</param>
public sealed record ShardStatus(Shard Shard, string Folder, ShardManifest? Manifest, string State)
{
    /// <summary>True where all its files are indexed.</summary>
    public bool IsComplete => Manifest is not null;
}
