using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
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
    /// <summary>Name of the file in which Hugging Face describes a front end.</summary>
    public const string PreprocessorName = "preprocessor_config.json";

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

    public (MapPart Part, PartMatch Match) Text => match.Parts.Single(part => part.Part.Architecture.IsText);

    /// <summary>Settings of the form; those of a model of the report where it has none.</summary>
    public FormSettings Form { get; } = match.Map.Settings ?? new FormSettings();

    /// <summary>The audio encoder that CLAP's <c>config.json</c> beside the weights describes; null: the form has none there.</summary>
    public HtsAtConfig? ClapAudio() => Beside("config.json") is { } path ? ClapConfigFile.Audio(path) : null;

    /// <summary>The text encoder that CLAP's <c>config.json</c> beside the weights describes; null: the form has none there.</summary>
    public RobertaConfig? ClapText() => Beside("config.json") is { } path ? ClapConfigFile.Text(path) : null;

    /// <summary>Path of CLAP's file of a name beside the weights; null: the form has none, or it is absent.</summary>
    public string? Beside(string name)
    {
        if (!Form.ClapConfig || request.Checkpoint is not { } source) return null;
        string folder = Directory.Exists(source) ? source : Path.GetDirectoryName(Path.GetFullPath(source))!;
        return Path.Combine(folder, name) is var path && File.Exists(path) ? path : null;
    }

    /// <summary>The learned factors of the cosines; null: the form has none.</summary>
    /// <exception cref="CorruptFileException">A factor is no sensible one.</exception>
    public LogitScale? Scale()
    {
        if (match.Parts.FirstOrDefault(part => part.Part.Architecture.IsScale).Match is not { } found) return null;
        var values = found.Mapped.ToDictionary(mapped => mapped.Name, mapped => ReadScalar(mapped.Tensor));
        var scale = values.TryGetValue(ScaleNames.Divisor, out float divisor)
            ? new LogitScale { Divisor = divisor }
            : new LogitScale { AudioLogarithm = values[ScaleNames.Audio], TextLogarithm = values[ScaleNames.Text] };
        try
        {
            scale.Validate();
            return scale;
        }
        catch (OptionException e)
        {
            throw new CorruptFileException(request.Checkpoint, e.Message, e);
        }
    }

    float ReadScalar(CheckpointTensor tensor)
    {
        using var bytes = new MemoryStream();
        checkpoint.CopyTo(tensor, bytes, cancellation);
        return tensor.DType == DType.Float32 ? BitConverter.ToSingle(bytes.GetBuffer()) : throw new CorruptFileException(request.Checkpoint,
            $"{tensor.Name} is of type {tensor.DType}, expected float32");
    }

    /// <inheritdoc cref="TextEncoderSettings.Of"/>
    public BertConfig TextConfig(BertConfig? declared, bool strict)
    {
        var (part, found) = Text;
        var published = TextArchitecture.All.Single(known => known.Key == part.Architecture.Name).Published;
        if (match.Map.Settings is not null && part.Architecture.Name != BertConfig.Key)
            published = published with { Pooling = TextPooling.Pooler, Dropout = 0.1, AttentionDropout = 0.1 };
        if (Form.TextEpsilon is { } epsilon) published = published with { LayerNormEpsilon = epsilon };
        var config = TextEncoderSettings.Of(published, found, declared, strict, request.Heads, request.Checkpoint, Notes);
        Settings.Add(("text encoder", $"{config.Name}, {config.Layers} layers of width {config.Width}, {config.Heads} heads, "
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
    public LogMelSettings FrontEnd(int melBins)
    {
        // A form that always has one front end keeps it in no form that is read here.
        if (request.FrontEnd is null && Beside(PreprocessorName) is { } path) return ClapConfigFile.FrontEnd(path).LogMel;
        if (request.FrontEnd is null && Form.FrontEnd is { } own) return NameMaps.FindFrontEnd(own).Settings with { MelBins = melBins };
        return new FrontEndCheck(checkpoint, name => match.Find(Audio.Part.SourcesOf(name)[0]))
            .Find(melBins, request.FrontEnd is { } name ? NameMaps.FindFrontEnd(name) : null, Notes);
    }

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
