using System.Globalization;
using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>A verified checkpoint. Dispose it before the next one is saved: its file is mapped.</summary>
/// <param name="Tensors">Saved tensors: parameters, buffers and optimizer state, by the trainer's names.</param>
public sealed record Checkpoint(TrainingState State, SafetensorsFile Tensors) : IDisposable
{
    /// <summary>Closes the file.</summary>
    public void Dispose() => Tensors.Dispose();
}

/// <summary>
/// The last checkpoint of a run. <c>checkpoint-N.safetensors</c> holds the tensors and, in its metadata, the counters;
/// <c>last.json</c> names the file, its size and its SHA-256. Saving writes file N + 1, then replaces <c>last.json</c>, then deletes
/// file N: at every moment <c>last.json</c> names a complete checkpoint.
/// </summary>
sealed class CheckpointStore(string folder)
{
    const int SchemaVersion = 1;
    const string StateKey = "training_state", Prefix = "checkpoint-", Suffix = ".safetensors";

    string PointerPath => Path.Combine(folder, "last.json");

    public void Save(IEnumerable<SafetensorsItem> tensors, TrainingState state)
    {
        string name = $"{Prefix}{(ReadPointer()?.Number ?? 0) + 1}{Suffix}";
        string path = Path.Combine(folder, name);
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string> { [StateKey] = state.ToJson() });
        string hash = FileHash.Sha256(path);
        var pointer = new { schema_version = SchemaVersion, file = name, size_bytes = new FileInfo(path).Length, sha256 = hash };
        DurableFile.WriteAllText(PointerPath, JsonSerializer.Serialize(pointer) + "\n");
        DeleteAllBut(name);
    }

    /// <summary>The last checkpoint, its hash verified; null where none was completed.</summary>
    /// <exception cref="CorruptFileException">The file that <c>last.json</c> names is absent or has changed.</exception>
    public Checkpoint? Load()
    {
        if (ReadPointer() is not { } pointer) return null;
        string path = Path.Combine(folder, pointer.File);
        if (!File.Exists(path))
            throw new CorruptFileException(path,
                $"{PointerPath} names it, but it does not exist; restore it, or start a new run with --init-from");
        long size = new FileInfo(path).Length;
        if (size != pointer.SizeBytes)
            throw new CorruptFileException(path,
                $"{size} bytes, but {pointer.SizeBytes} were saved; restore it, or start a new run with --init-from");
        if (FileHash.Sha256(path) != pointer.Sha256)
            throw new CorruptFileException(path,
                "its SHA-256 is not the one that was saved; restore it, or start a new run with --init-from");

        var tensors = SafetensorsFile.Open(path);
        try
        {
            return tensors.Metadata.TryGetValue(StateKey, out string? json)
                ? new Checkpoint(TrainingState.FromJson(json), tensors)
                : throw new CorruptFileException(path, $"its metadata lacks {StateKey}");
        }
        catch (JsonException error)
        {
            tensors.Dispose();
            throw new CorruptFileException(path, $"{StateKey} in its metadata is not readable: {error.Message}", error);
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    /// <summary>Removes what a killed process left: unfinished files and checkpoints that <c>last.json</c> does not name.</summary>
    public void CleanUp()
    {
        DurableFile.DeleteLeftovers(folder);
        DeleteAllBut(ReadPointer()?.File);
    }

    void DeleteAllBut(string? name)
    {
        foreach (string file in Directory.EnumerateFiles(folder, Prefix + "*" + Suffix).Order(StringComparer.Ordinal))
            if (Path.GetFileName(file) != name) DurableFile.Delete(file);
    }

    Pointer? ReadPointer()
    {
        if (!File.Exists(PointerPath)) return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(PointerPath));
            var root = json.RootElement;
            int version = root.GetProperty("schema_version").GetInt32();
            if (version != SchemaVersion)
                throw new CorruptFileException(PointerPath, $"schema version {version}; this program reads {SchemaVersion}");
            string file = root.GetProperty("file").GetString() ?? "";
            string hash = root.GetProperty("sha256").GetString() ?? "";
            return new Pointer(file, NumberOf(file), root.GetProperty("size_bytes").GetInt64(), hash);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CorruptFileException(PointerPath, $"not a checkpoint pointer: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(PointerPath, error.Message, error);
        }
    }

    static long NumberOf(string file) =>
        file.StartsWith(Prefix, StringComparison.Ordinal) && file.EndsWith(Suffix, StringComparison.Ordinal)
        && long.TryParse(file.AsSpan(Prefix.Length, Math.Max(0, file.Length - Prefix.Length - Suffix.Length)), NumberStyles.None,
            CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new FormatException($"'{file}' is not the name of a checkpoint");

    sealed record Pointer(string File, long Number, long SizeBytes, string Sha256);
}
