using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Encoders;

/// <summary>The content of an audio encoder folder's <c>config.json</c>: the encoder and the front end that its weights were trained on.</summary>
public sealed record AudioEncoderPackage
{
    public const string Kind = "nativeretrieval-audio-encoder";
    public const int NewestSchema = 1;

    public string ModelType { get; init; } = Kind;

    public int SchemaVersion { get; init; } = NewestSchema;

    public AudioEncoderConfig AudioEncoder { get; init; } = new Cnn14Config();

    public LogMelSettings LogMel { get; init; } = new();

    /// <summary>Name of the resampler that sounds of other rates go through.</summary>
    public string Resampler { get; init; } = "high";

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
