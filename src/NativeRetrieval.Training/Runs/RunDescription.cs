using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// The data and weights that a run was begun with and every start of it: the content of <c>run.json</c>. With <c>settings.yaml</c>, the
/// data and the commit it says how to repeat the run. It keeps the command line of every start, word for word, and with it whatever secret
/// a command line holds.
/// </summary>
public sealed record RunDescription
{
    /// <summary>Newest layout of the file. The first had no settings, and its runs kept no receipts.</summary>
    public const int NewestSchema = 2;

    static readonly Dictionary<string, string> _nothing = [];

    /// <summary>Layout of the file.</summary>
    public int SchemaVersion { get; init; } = NewestSchema;

    /// <summary><see cref="Evaluation.Data.Dataset.Fingerprint"/> of the training data, before clips were held out.</summary>
    public required string DataSha256 { get; init; }

    /// <summary>Fingerprint of the validation data; null: none.</summary>
    public string? ValidationSha256 { get; init; }

    /// <summary>The folder that the names in <c>holdout.csv</c> are relative to; null: no clips were held out.</summary>
    public string? HoldoutAudio { get; init; }

    /// <summary>Fingerprint of the model that the run was told to start from; null: none.</summary>
    public string? InitFromSha256 { get; init; }

    /// <summary>Fingerprint of the run's own model before the first step, whatever it was made from.</summary>
    public string? InitialModelSha256 { get; init; }

    /// <summary>Fingerprint of the pre-trained text encoder's files that the run was told to start from; null: none.</summary>
    public string? TextModelSha256 { get; init; }

    /// <summary>Fingerprint of the pre-trained audio encoder's files; null: none.</summary>
    public string? AudioModelSha256 { get; init; }

    /// <summary>Fingerprints of the models whose scores the run learns; empty: none.</summary>
    public IReadOnlyList<string> TeacherSha256 { get; init => field = value ?? []; } = [];

    /// <summary>SHA-256 of each file in <c>teachers/</c>, by its name.</summary>
    public IReadOnlyDictionary<string, string> TeacherVectorsSha256 { get; init => field = value ?? _nothing; } = _nothing;

    /// <summary>SHA-256 of <c>holdout.csv</c>; null: no clips were held out.</summary>
    public string? HoldoutSha256 { get; init; }

    /// <summary>Fingerprint of the clips for training and validation that could be decoded; null: none were yet.</summary>
    public string? DecodedSha256 { get; init; }

    /// <summary>Number of the clips of <see cref="DecodedSha256"/>.</summary>
    public int? DecodedClips { get; init; }

    /// <summary>
    /// Settings of the run by key, as <c>settings.yaml</c> has them; a file that says otherwise is refused. Null in runs of a
    /// version that did not keep them.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Settings { get; init; }

    /// <summary>Starts of the run: first the beginning, then every resume.</summary>
    public IReadOnlyList<RunStart> Starts { get; init => field = value ?? []; } = [];

    internal string ToJson() => JsonSerializer.Serialize(this, RunFiles.Json.RunDescription) + "\n";

    /// <summary>The description in a file.</summary>
    /// <exception cref="CorruptFileException">The file holds none, or one of a newer version.</exception>
    internal static RunDescription Read(string path)
    {
        try
        {
            var description = JsonSerializer.Deserialize(SmallFile.ReadBytes(path, SmallFile.LargestTextBytes),
                RunFiles.Json.RunDescription) ?? throw new JsonException("null is no description");
            return description.SchemaVersion is 1 or NewestSchema ? description
                : throw new CorruptFileException(path,
                    $"schema version {description.SchemaVersion}; this program reads up to {NewestSchema}");
        }
        catch (JsonException error)
        {
            throw new CorruptFileException(path, $"not a run's description: {error.Message}", error);
        }
    }
}
