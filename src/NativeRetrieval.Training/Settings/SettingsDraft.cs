using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Settings that are put together of a preset, a file and a command line, the later entry winning. Channels belong to the encoder that they
/// were given for: by the key (<c>model.cnn14_widths</c>, the older form), or by the encoder that their preset, file or command line ends
/// with. An encoder for which none were given has its published ones.
/// </summary>
internal sealed class SettingsDraft
{
    readonly TrainingSettings _settings;

    /// <summary>Channels in the order in which they were given; without an encoder until <see cref="Settle"/>.</summary>
    readonly List<(AudioArchitecture? Encoder, IReadOnlyList<int>? Channels)> _channels = [];

    /// <param name="preset">Name of the preset to start from; null: the defaults.</param>
    /// <exception cref="OptionException">There is no such preset.</exception>
    public SettingsDraft(string? preset)
    {
        _settings = (preset is null ? new TrainingSettings() : Presets.Get(preset)).DeepCopy();
        _channels.Add((_settings.Model.AudioEncoder, _settings.Model.AudioChannels));
        if (preset is not null)
            foreach (var (encoder, channels) in Presets.ChannelsOfOthers(preset)) _channels.Add((encoder, channels));
    }

    /// <param name="text">The value as files have it.</param>
    /// <param name="source">Place of the entry, for messages.</param>
    /// <exception cref="OptionException">There is no such setting, or it does not take the value.</exception>
    public void Apply(string key, string text, string source)
    {
        var encoder = AudioArchitecture.All.FirstOrDefault(known => ModelSettings.OldChannelsKey(known) == key);
        var definition = SettingsCatalogue.Find(encoder is null ? key : ModelSettings.ChannelsKey)
            ?? throw new OptionException($"{source}: there is no setting '{key}'; {SettingsCatalogue.Suggest(key)}");
        object? value = definition.Parse(text, source);
        if (definition.Key != ModelSettings.ChannelsKey)
        {
            definition.Set(_settings, value);
            return;
        }
        var channels = (IReadOnlyList<int>?)value;
        if (encoder is not null) ModelSettings.ValidateChannels(encoder, channels, source);
        _channels.Add((encoder, channels));
    }

    /// <summary>The settings at the end of a file or command line.</summary>
    public TrainingSettings Settle()
    {
        var chosen = _settings.Model.AudioEncoder;
        for (int i = 0; i < _channels.Count; i++)
            if (_channels[i].Encoder is null) _channels[i] = (chosen, _channels[i].Channels);
        var channels = _channels.LastOrDefault(given => given.Encoder == chosen).Channels;
        return (_settings with { Model = _settings.Model with { AudioChannels = channels } }).DeepCopy();
    }
}
