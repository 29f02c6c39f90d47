using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.WeightsConvert.Catalogue;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>A conversion under way: the checkpoint, the match of its name map, and the folder to fill.</summary>
sealed class ConversionDraft(ConversionRequest request, CheckpointFile checkpoint, MapMatch match, string folder,
    CancellationToken cancellation)
{
    public ConversionRequest Request => request;

    public MapMatch Match => match;

    /// <summary>The folder to fill.</summary>
    public string Folder => folder;

    /// <summary>Settings that the shapes and the form gave, for the report.</summary>
    public List<(string Name, string Value)> Settings { get; } = [];

    public List<string> Notes { get; } = [];

    public Dictionary<string, string> Metadata { get; } = new() { ["format"] = "pt", [CheckpointConversion.MapKey] = match.Map.Name };

    /// <summary>All tensors under their names here; the values are read when they are written.</summary>
    public IEnumerable<SafetensorsItem> Items =>
        match.Mapped.Select(mapped => new SafetensorsItem(mapped.Name, mapped.Tensor.DType, [.. mapped.Tensor.Shape],
            stream => checkpoint.CopyTo(mapped.Tensor, stream, cancellation)));

    /// <summary>The folder beside the weights whose other files belong to them; null: the checkpoint is a file of its own.</summary>
    public string? Surroundings => Directory.Exists(request.Checkpoint) ? request.Checkpoint
        : Path.GetFileName(request.Checkpoint) is "pytorch_model.bin" or "model.safetensors"
            || request.Checkpoint.EndsWith(".index.json", StringComparison.Ordinal)
            ? Path.GetDirectoryName(Path.GetFullPath(request.Checkpoint))
            : null;

    public (MapPart Part, PartMatch Match) Audio => match.Parts.Single(part => part.Part.Architecture.IsAudio);

    public PartMatch Text => match.Parts.Single(part => part.Part.Architecture.IsText).Match;

    /// <inheritdoc cref="TextEncoderSettings.Of"/>
    public BertConfig TextConfig(BertConfig? declared, bool strict)
    {
        var config = TextEncoderSettings.Of(Text, declared, strict, request.Heads, request.Checkpoint, Notes);
        Settings.Add(("text encoder", $"BERT, {config.Layers} layers of width {config.Width}, {config.Heads} heads, "
            + $"{config.VocabularySize} tokens, {config.Pooling.ToString().ToLowerInvariant()} pooling"));
        return config;
    }

    /// <summary>The settings in a file that was exported from a folder of this <paramref name="kind"/>; null: there are none.</summary>
    /// <inheritdoc cref="ModelConfigFile.Read{T}(string, JsonTypeInfo{T}, T, Action{T}, string)"/>
    public T? Declared<T>(JsonTypeInfo<T> type, T defaults, Action<T> validate, string kind) where T : class
    {
        if (!checkpoint.Metadata.TryGetValue(ModelExport.ConfigKey, out string? text)) return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            bool own = document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("model_type", out var found) && found.ValueEquals(kind);
            return own ? ModelConfigFile.Read(request.Checkpoint, document.RootElement, type, defaults, validate, kind) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A model card that says where the weights come from.</summary>
    public string Card(string title) =>
        $"# {title}\n\nMade of `{Path.GetFileName(Path.TrimEndingDirectorySeparator(request.Checkpoint))}` by the name map "
            + $"`{match.Map.Name}`: {match.Map.About}.\n{(request.Origin is null ? "" : $"\n{request.Origin}\n")}";

    /// <summary>Finds and checks the front end of the audio encoder.</summary>
    public LogMelSettings FrontEnd(int melBins) =>
        new FrontEndCheck(checkpoint, name => match.Find(Audio.Part.Source + name))
            .Find(melBins, request.FrontEnd is { } name ? NameMaps.FindFrontEnd(name) : null, Notes);

    /// <summary>Writes the list of all files' checksums.</summary>
    public void WriteChecksums() => ChecksumList.Write(folder, Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => (Path.GetRelativePath(folder, path).Replace('\\', '/'), FileHash.Sha256(path))));

    /// <summary>Refuses options that have no meaning for this kind of checkpoint.</summary>
    /// <exception cref="OptionException">Options are given that this kind of checkpoint has no use for.</exception>
    public void RefuseOptions(bool audio, bool text)
    {
        if (!audio && (request.PoolBlock6 is not null || request.FrontEnd is not null))
            throw new OptionException($"{match.Map.Name} has no audio encoder; --block6-pooling and --front-end are for those");
        if (!text && (request.Heads is not null || request.Vocabulary is not null))
            throw new OptionException($"{match.Map.Name} has no text encoder; --heads and --vocabulary are for those");
    }
}
