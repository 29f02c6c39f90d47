using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Evaluation.Vectors;

/// <summary>
/// Vectors of evaluations, kept so that a later one needs no encoding: one safetensors file per model and data set,
/// <c>MODEL-DATA.safetensors</c>, with tensors <c>audio</c> and <c>text</c> and, in its metadata, the names of the clips, the texts, the
/// model's fingerprint and a hash over names and contents of the sounds.
/// </summary>
public sealed class VectorFolder(string folder)
{
    const string AudioName = "audio", TextName = "text", ModelKey = "model_sha256", SoundsKey = "sounds_sha256", ClipsKey = "clips",
        TextsKey = "texts";
    const int NameDigits = 16;

    /// <summary>SHA-256 over the clips' names and the contents of their files.</summary>
    /// <param name="contentHash">Hash of the sound file at a path.</param>
    public static string SoundsHash(Dataset data, Func<string, string> contentHash)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var clip in data.Clips) hash.AppendData(Encoding.UTF8.GetBytes($"{clip.FileName}\n{contentHash(clip.AudioPath)}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The file for a model and the clips that a caption file names.</summary>
    public string PathOf(string modelFingerprint, Dataset data)
    {
        byte[] names = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', data.Clips.Select(clip => clip.FileName))));
        return Path.Combine(folder, $"{modelFingerprint[..NameDigits]}-{Convert.ToHexStringLower(names)[..NameDigits]}.safetensors");
    }

    /// <summary>Writes the vectors of a model and a data set, durably.</summary>
    /// <param name="soundsHash"><see cref="SoundsHash"/> of the clips that were embedded.</param>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public void Save(string modelFingerprint, Dataset data, EvaluationVectors vectors, string soundsHash)
    {
        DurableFile.CreateFolder(folder);
        SafetensorsWriter.Write(PathOf(modelFingerprint, data),
            [
                SafetensorsItem.Float32(AudioName, [vectors.ClipNames.Count, vectors.Width], vectors.Clips),
                SafetensorsItem.Float32(TextName, [vectors.Texts.Count, vectors.Width], vectors.TextVectors),
            ],
            new Dictionary<string, string>
            {
                [ModelKey] = modelFingerprint,
                [SoundsKey] = soundsHash,
                [ClipsKey] = JsonSerializer.Serialize(vectors.ClipNames, NamesJson.Default.IReadOnlyListString),
                [TextsKey] = JsonSerializer.Serialize(vectors.Texts, NamesJson.Default.IReadOnlyListString),
            });
    }

    /// <summary>The vectors that were saved for a model and a data set; null where none were.</summary>
    /// <param name="soundsHash">Gives the <see cref="SoundsHash"/> of the sounds as they are now from the names of the clips
    /// that were embedded; null: not compared.</param>
    /// <exception cref="CorruptFileException">The file is damaged or not such a file.</exception>
    /// <exception cref="OptionException">The sounds have changed since.</exception>
    public EvaluationVectors? Find(string modelFingerprint, Dataset data, Func<IReadOnlySet<string>, string>? soundsHash = null)
    {
        string path = PathOf(modelFingerprint, data);
        if (!File.Exists(path)) return null;
        using var file = SafetensorsFile.Open(path);
        string[] clips = Names(file, ClipsKey), texts = Names(file, TextsKey);
        foreach (var (name, rows) in (ReadOnlySpan<(string, int)>)[(AudioName, clips.Length), (TextName, texts.Length)])
            if (!file.Contains(name) || file.Entry(name).Shape is not [var count, > 0] || count != rows)
                throw new CorruptFileException(path,
                    $"tensor '{name}' is absent or has not one row for each of {rows} names; delete the file and save the vectors again");
        long width = file.Entry(AudioName).Shape[1];
        if (file.Entry(TextName).Shape[1] != width)
            throw new CorruptFileException(path, "vectors of clips and texts differ in length; delete the file and save the vectors again");
        if (file.Metadata.GetValueOrDefault(ModelKey) != modelFingerprint)
            throw new CorruptFileException(path, "it was saved for another model; delete the file and save the vectors again");
        if (soundsHash is not null && soundsHash(clips.ToHashSet(StringComparer.Ordinal)) != file.Metadata.GetValueOrDefault(SoundsKey))
            throw new OptionException($"{path}: the sounds have changed since the vectors were saved; save them again with --save-vectors");
        return new EvaluationVectors((int)width, clips, file.ReadFloat32(AudioName), texts, file.ReadFloat32(TextName));
    }

    static string[] Names(SafetensorsFile file, string key)
    {
        try
        {
            return JsonSerializer.Deserialize(file.Metadata.GetValueOrDefault(key, "null"), NamesJson.Default.StringArray)
                ?? throw new JsonException("it is absent");
        }
        catch (JsonException error)
        {
            throw new CorruptFileException(file.Path,
                $"its metadata '{key}' is not a list of names: {error.Message}; delete the file and save the vectors again", error);
        }
    }
}

/// <summary>JSON of lists of names.</summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class NamesJson : JsonSerializerContext;
