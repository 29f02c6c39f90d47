using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Encoders;

/// <summary>
/// One kind of audio encoder: its word in files and settings, its published channels and its construction. A new encoder is a file with its
/// classes, its row and its <c>JsonDerivedType</c>, and an entry in <see cref="All"/>; files, settings, training and tests go by that list.
/// </summary>
public sealed class AudioArchitecture
{
    readonly Func<AudioEncoderConfig> _published;
    readonly Func<AudioEncoderConfig, Device, PhiloxSequence?, DType, AudioEncoder> _create;

    AudioArchitecture(string key, string name, int[] channels, Func<AudioEncoderConfig> published,
        Func<AudioEncoderConfig, Device, PhiloxSequence?, DType, AudioEncoder> create) =>
        (Key, Name, Channels, _published, _create) = (key, name, Array.AsReadOnly(channels), published, create);

    /// <summary>All audio encoders.</summary>
    public static IReadOnlyList<AudioArchitecture> All { get; } =
        [PlainCnn.Cnn14, ResNet38.Architecture, PlainCnn.Cnn10, PlainCnn.Cnn6, HtsAt.Architecture];

    /// <summary>
    /// Word for the encoder in <c>config.json</c> (<c>audio_encoder.type</c>) and in settings (<c>model.audio_encoder</c>).
    /// </summary>
    public string Key { get; }

    /// <summary>Name in the literature, such as CNN14.</summary>
    public string Name { get; }

    /// <summary>
    /// Published output channels of a <see cref="ConvolutionalEncoder"/>'s blocks in their order; the last is the width of the embedding.
    /// Empty for other encoders, whose sizes are not set by channels.
    /// </summary>
    public IReadOnlyList<int> Channels { get; }

    /// <summary>Configuration of the published form.</summary>
    public AudioEncoderConfig Published => _published();

    /// <summary>The encoder's <see cref="Key"/>.</summary>
    public override string ToString() => Key;

    internal static AudioArchitecture Of<TConfig>(string key, string name, int[] channels,
        Func<TConfig, Device, PhiloxSequence?, DType, AudioEncoder> create) where TConfig : AudioEncoderConfig, new() =>
        new(key, name, channels, () => new TConfig(), (config, device, random, dtype) => create((TConfig)config, device, random, dtype));

    /// <exception cref="OptionException">A value of <paramref name="config"/> is outside its range.</exception>
    internal AudioEncoder Create(AudioEncoderConfig config, Device device, PhiloxSequence? random, DType dtype) =>
        _create(config, device, random, dtype);
}
