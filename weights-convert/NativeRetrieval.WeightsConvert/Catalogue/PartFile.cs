using System.Text.Json;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>
/// The beginning of a file that is being fetched: <c>FILE.part</c> with its bytes, <c>FILE.part.json</c> with their source.
/// </summary>
sealed class PartFile(string target)
{
    const int MostStateBytes = 64 << 10;

    readonly string _bytes = target + ".part", _state = target + ".part.json";

    public string Path => _bytes;

    public long Length => File.Exists(_bytes) ? new FileInfo(_bytes).Length : 0;

    /// <summary>The source of the bytes on disk; null: there is nothing that could be continued.</summary>
    public PartState? ReadState()
    {
        try
        {
            return File.Exists(_bytes) && File.Exists(_state) && new FileInfo(_state).Length <= MostStateBytes
                ? JsonSerializer.Deserialize(File.ReadAllBytes(_state), CatalogueJson.Default.PartState)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Empties the file for the bytes of a response with this description.</summary>
    public void Restart(PartState state)
    {
        DurableFile.Delete(_bytes);
        Remember(state);
        DurableFile.WriteAllBytes(_bytes, default);
    }

    /// <summary>Replaces the description of the bytes on disk.</summary>
    public void Remember(PartState state) =>
        DurableFile.WriteAllBytes(_state, JsonSerializer.SerializeToUtf8Bytes(state, CatalogueJson.Default.PartState));

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0) DurableFile.Append(_bytes, bytes);
    }

    /// <summary>Gives the complete file its name.</summary>
    public void Complete()
    {
        DurableFile.Move(_bytes, target);
        DurableFile.Delete(_state);
    }

    public void Delete()
    {
        DurableFile.Delete(_bytes);
        DurableFile.Delete(_state);
    }
}

/// <summary>The source of a partial download, so that another process can go on with it.</summary>
/// <param name="Url">Address that the bytes on disk came from.</param>
/// <param name="Validator">Strong ETag or date of the last change, as sent in <c>If-Range</c>; null: the server named none.</param>
/// <param name="Total">Bytes of the whole file, which may not change; null: the server did not say.</param>
sealed record PartState(string Url, string? Validator, long? Total = null);
