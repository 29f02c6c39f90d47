using System.Security.Cryptography;
using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Training.Logging;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// The content of <c>checkpoint-N.json</c>. It is written when <c>checkpoint-N.safetensors</c> has been read back, and makes it the run's
/// newest checkpoint; the other files of the run are described as they belong to it.
/// </summary>
sealed record CheckpointReceipt
{
    const int NewestSchema = 1;

    public int SchemaVersion { get; init; } = NewestSchema;

    public required string File { get; init; }

    public required long SizeBytes { get; init; }

    public required string Sha256 { get; init; }

    /// <summary>The model at the top of the run folder; null: none, or the run is of a version that kept no record of it.</summary>
    public ModelReceipt? Model { get; init; }

    /// <summary><c>metrics.jsonl</c> up to this checkpoint; null as above.</summary>
    public LogReceipt? Metrics { get; init; }

    /// <summary>The events for TensorBoard up to this checkpoint; null as above.</summary>
    public LogReceipt? Events { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, RunFiles.Json.CheckpointReceipt) + "\n";

    /// <exception cref="CorruptFileException">The file is no receipt.</exception>
    public static CheckpointReceipt Read(string path, string checkpoint)
    {
        try
        {
            byte[] json = SmallFile.ReadBytes(path, SmallFile.LargestTextBytes);
            var receipt = JsonSerializer.Deserialize(json, RunFiles.Json.CheckpointReceipt)
                ?? throw new JsonException("null is no receipt");
            if (receipt.SchemaVersion != NewestSchema)
                throw new CorruptFileException(path, $"schema version {receipt.SchemaVersion}; this program reads {NewestSchema}");
            return receipt.File == checkpoint ? receipt
                : throw new CorruptFileException(path, $"it names '{receipt.File}', not {checkpoint}");
        }
        catch (JsonException error)
        {
            throw new CorruptFileException(path, $"not a checkpoint's receipt: {error.Message}", error);
        }
    }
}

/// <summary>A model's files.</summary>
/// <param name="Epoch">Epoch that made it, from 1; 0 before training.</param>
/// <param name="Files">SHA-256 by path in the folder, with forward slashes; the card and the list of checksums are left out.</param>
sealed record ModelReceipt(int Epoch, IReadOnlyDictionary<string, string> Files)
{
    const string CardName = "README.md", SumsName = "SHA256SUMS";

    public static ModelReceipt Of(string folder, int epoch)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (name is not (CardName or SumsName)) files.Add(name, FileHash.Sha256(file));
        }
        return new ModelReceipt(epoch, files);
    }

    /// <summary>The first file that is not as it was, and how it is; null: all are.</summary>
    public (string Path, string Reason)? FirstDifference(string folder)
    {
        foreach (var (name, hash) in Files)
        {
            string path = Path.Combine(folder, name);
            if (!File.Exists(path)) return (path, "it does not exist");
            string found = FileHash.Sha256(path);
            if (found != hash) return (path, $"its SHA-256 is {found}, and {hash} was saved");
        }
        return null;
    }
}

/// <summary>The beginning of a file that is only appended to.</summary>
sealed record LogReceipt(long Bytes, string Sha256)
{
    public static LogReceipt Of(string path)
    {
        byte[] bytes = File.Exists(path) ? Read(path) : [];
        return new LogReceipt(bytes.Length, Hash(bytes));
    }

    /// <summary>The reason why a file does not begin with these bytes; null: it does.</summary>
    public string? Difference(string path)
    {
        byte[] bytes = File.Exists(path) ? Read(path) : [];
        if (bytes.Length < Bytes)
            return $"{(File.Exists(path) ? $"it has {bytes.Length} bytes" : "it does not exist")}, and {Bytes} were saved";
        return Hash(bytes.AsSpan(0, (int)Bytes)) == Sha256 ? null : $"its first {Bytes} bytes are not those that were saved";
    }

    static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    static byte[] Read(string path) => SmallFile.ReadBytes(path, MetricsLog.LargestBytes);
}
