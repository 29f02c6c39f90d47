using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>
/// A model in Hugging Face's layout: a folder with <c>model.safetensors</c> or <c>pytorch_model.bin</c>, or with several such files and an
/// index, whose <c>weight_map</c> names the file of each tensor.
/// </summary>
static class ShardedModel
{
    const int MaxIndexBytes = 1 << 26;
    const int MaxShards = 4096;

    static readonly string[] _names = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
        "pytorch_model.bin.index.json"];

    public static CheckpointFile OpenFolder(string folder)
    {
        string? name = _names.FirstOrDefault(name => File.Exists(System.IO.Path.Combine(folder, name)));
        return name is null
            ? throw new FileReadException(folder, $"the folder has none of {string.Join(", ", _names)}; name the checkpoint itself")
            : CheckpointFile.Open(System.IO.Path.Combine(folder, name));
    }

    public static CheckpointFile OpenIndex(string path)
    {
        var map = ReadMap(path);
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var shards = new List<CheckpointFile>();
        try
        {
            foreach (string name in map.Values.Distinct().Order(StringComparer.Ordinal))
                shards.Add(SingleFile.Open(System.IO.Path.Combine(folder, name)));
            return Join(path, map, shards);
        }
        catch
        {
            foreach (var shard in shards) shard.Dispose();
            throw;
        }
    }

    static CheckpointFile Join(string path, Dictionary<string, string> map, List<CheckpointFile> shards)
    {
        var found = new Dictionary<string, CheckpointFile>(StringComparer.Ordinal);
        foreach (var shard in shards)
            foreach (var tensor in shard.Tensors)
                if (!found.TryAdd(tensor.Name, shard))
                    throw new CorruptFileException(path, $"tensor '{PlainText.Short(tensor.Name)}' is in {shard.Path} and in "
                        + $"{found[tensor.Name].Path}");
        foreach (var (tensor, file) in map)
            if (!found.TryGetValue(tensor, out var shard) || System.IO.Path.GetFileName(shard.Path) != file)
                throw new CorruptFileException(path, $"tensor '{PlainText.Short(tensor)}' is not in {PlainText.Short(file)}, where "
                    + "the index says it is");
        return new CheckpointFile(path, $"{shards.Count} shards ({string.Join(", ", shards.Select(shard => shard.Format).Distinct())})",
            [.. shards.SelectMany(shard => shard.Tensors)], [.. shards.SelectMany(shard => shard.Notes)], shards[0].Metadata, [.. shards]);
    }

    /// <summary>File name by tensor name.</summary>
    static Dictionary<string, string> ReadMap(string path)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = SmallFile.ReadJson(path, MaxIndexBytes);
            foreach (var pair in document.RootElement.GetProperty("weight_map").EnumerateObject())
                map.Add(pair.Name, pair.Value.GetString() ?? "");
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException)
        {
            throw new CorruptFileException(path,
                $"not an index of shards, whose weight_map gives a file for every tensor: {error.Message}", error);
        }
        foreach (string name in map.Values)
            if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny("/\\:\0"))
                throw new CorruptFileException(path, $"file '{PlainText.Short(name)}' is not a plain name beside the index");
        if (map.Count == 0 || map.Values.Distinct().Count() > MaxShards)
            throw new CorruptFileException(path, $"it lists {map.Count} tensors; between one and {MaxShards} files were expected");
        return map;
    }
}
