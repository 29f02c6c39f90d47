using System.Security.Cryptography;
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

/// <summary>A file <c>checkpoint-N.safetensors</c>: the tensors and, in its metadata, the counters.</summary>
static class CheckpointFile
{
    const string StateKey = "training_state";

    /// <summary>Writes a checkpoint and reads it back.</summary>
    /// <exception cref="FileWriteException">The disk refused, or has other bytes than were written.</exception>
    public static void Write(string path, IEnumerable<SafetensorsItem> tensors, TrainingState state)
    {
        var written = new Dictionary<string, byte[]>();
        SafetensorsWriter.Write(path, tensors.Select(Hashed), new Dictionary<string, string> { [StateKey] = state.ToJson() });
        try
        {
            using var read = SafetensorsFile.Open(path);
            foreach (var (name, hash) in written)
                if (!SHA256.HashData(read.Bytes(name)).AsSpan().SequenceEqual(hash))
                    throw new CorruptFileException(path, $"tensor '{name}' is not the one that was written");
        }
        catch (CorruptFileException error)
        {
            throw new FileWriteException(path, $"it reads back otherwise than it was written ({error.Problem}); is the disk sound?", error);
        }

        SafetensorsItem Hashed(SafetensorsItem item) => item with
        {
            Write = stream =>
            {
                using var hash = SHA256.Create();
                using (var both = new CryptoStream(stream, hash, CryptoStreamMode.Write, leaveOpen: true)) item.Write(both);
                written[item.Name] = hash.Hash!;
            },
        };
    }

    /// <exception cref="CorruptFileException">The file is absent, or not what the receipt says.</exception>
    public static Checkpoint Open(string path, CheckpointReceipt receipt)
    {
        if (!File.Exists(path)) throw new CorruptFileException(path, "it was saved, but it does not exist");
        long size = FileStatus.Of(path).SizeBytes;
        if (size != receipt.SizeBytes)
            throw new CorruptFileException(path, $"{size} bytes, but {receipt.SizeBytes} were saved");
        if (FileHash.Sha256(path) != receipt.Sha256)
            throw new CorruptFileException(path, "its SHA-256 is not the one that was saved");
        return Open(path);
    }

    /// <summary>Opens a checkpoint that nothing vouches for.</summary>
    /// <exception cref="CorruptFileException">The file is no checkpoint.</exception>
    public static Checkpoint Open(string path)
    {
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
}
