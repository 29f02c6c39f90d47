using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Engine;

/// <summary>The statement that a shard is complete, written last, as a file beside the shard's index.</summary>
public sealed record ShardManifest
{
    const int LargestSizeBytes = 1 << 30, Version = 2;

    /// <summary>Form of the file: 2.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>Number of the shard, from 1.</summary>
    public required int Shard { get; init; }

    /// <summary>Number of shards.</summary>
    public required int Of { get; init; }

    /// <summary>Id of the shard's index.</summary>
    public required Guid IndexId { get; init; }

    /// <summary>Commits of that index when it was complete.</summary>
    public required long Commits { get; init; }

    /// <summary>SHA-256 over the paths of all sounds, those of other shards too, in their order.</summary>
    public required string Listing { get; init; }

    /// <summary>For each file of the index, in its order: the place among all sounds; −1: it was not among them.</summary>
    public required IReadOnlyList<int> Positions { get; init; }

    /// <summary>Absolute paths of the folders that were looked through, with a separator at their ends.</summary>
    public required IReadOnlyList<string> Folders { get; init; }

    /// <summary>Files, folders and links that were met and not read; the first shard has those that are of none.</summary>
    public required IReadOnlyList<FileReport> LeftOut { get; init; }

    /// <summary>Writes the manifest of a shard whose index is complete.</summary>
    /// <param name="folder">The folder of all shards.</param>
    public static void Write(string folder, Shard shard, LocalAudioIndex index, IndexingReport report)
    {
        var places = report.Listing.Select((path, place) => (Path: Path.GetFullPath(path), place))
            .ToDictionary(item => item.Path, item => item.place);
        var manifest = new ShardManifest
        {
            SchemaVersion = Version, Shard = shard.Number, Of = shard.Of, IndexId = index.Id, Commits = index.Commits,
            Listing = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', report.Listing
                .Select(Path.GetFullPath))))),
            Positions = [.. index.Files().Select(file => places.GetValueOrDefault(file.FullPath, -1))],
            Folders = report.Folders, LeftOut = [.. report.LeftOut],
        };
        DurableFile.WriteAllText(PathOf(folder, shard), JsonSerializer.Serialize(manifest, ShardJson.Default.ShardManifest));
    }

    /// <summary>The manifest of a shard; null: there is none.</summary>
    /// <exception cref="CorruptFileException">The file has another form.</exception>
    public static ShardManifest? Read(string folder, Shard shard)
    {
        string path = PathOf(folder, shard);
        if (!File.Exists(path)) return null;
        try
        {
            var manifest = JsonSerializer.Deserialize(SmallFile.ReadText(path, LargestSizeBytes), ShardJson.Default.ShardManifest);
            if (manifest is null || manifest.SchemaVersion != Version || manifest.Shard != shard.Number || manifest.Of != shard.Of)
                throw new CorruptFileException(path, $"is not the manifest of shard {shard} in version {Version}; delete it and index that "
                    + "shard again");
            return manifest;
        }
        catch (JsonException e)
        {
            throw new CorruptFileException(path, $"is no manifest of a shard: {PlainText.Of(e.Message)}; delete it and index that shard "
                + "again", e);
        }
    }

    static string PathOf(string folder, Shard shard) => Path.Combine(folder, shard.Name + ".json");
}

/// <summary>The form of manifests.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ShardManifest))]
internal sealed partial class ShardJson : JsonSerializerContext;
