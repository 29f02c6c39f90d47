using System.Text.Json.Serialization;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Models;

namespace NativeRetrieval.Encoders;

/// <summary>
/// An audio encoder's folder in memory, without the weights: the encoder and the front end that it was trained on, the content of
/// <c>config.json</c>.
/// </summary>
public sealed record AudioEncoderPackage
{
    /// <summary>The <c>model_type</c> of such folders.</summary>
    public const string Kind = "nativeretrieval-audio-encoder";
    /// <summary>The newest form that this program reads and the one that it writes.</summary>
    public const int NewestSchema = 1;

    /// <summary>Kind of folder; always <see cref="Kind"/>.</summary>
    public string ModelType { get; init; } = Kind;

    /// <summary>Version of the file's form; 1 … <see cref="NewestSchema"/>.</summary>
    public int SchemaVersion { get; init; } = NewestSchema;

    /// <summary>Sizes and choices of the encoder.</summary>
    public AudioEncoderConfig AudioEncoder { get; init; } = new Cnn14Config();

    /// <summary>Front end that the weights were trained on.</summary>
    public LogMelSettings LogMel { get; init; } = new();

    /// <summary>Name of the resampler that sounds of other rates go through.</summary>
    public string Resampler { get; init; } = "high";

    /// <summary>Filling of short clips in the models that are made of the encoder.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<ShortClipRule>)), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ShortClipRule ShortClips { get; init; }

    /// <exception cref="OptionException">A value is outside its range, or the front end does not fit the encoder.</exception>
    public void Validate()
    {
        if (ModelType != Kind) throw new OptionException($"model_type is '{ModelType}', expected '{Kind}'");
        if (SchemaVersion is < 1 or > NewestSchema)
            throw new OptionException($"schema_version is {SchemaVersion}; this program reads up to {NewestSchema}: use a newer one");
        AudioEncoder.Validate();
        LogMel.Validate();
        ResamplerPreset.Parse(Resampler);
        if (AudioEncoder.MelBins != LogMel.MelBins)
            throw new OptionException($"the audio encoder takes {AudioEncoder.MelBins} mel bins, the front end makes {LogMel.MelBins}");
    }
}
