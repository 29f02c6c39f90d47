using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// Sizes belong to weights: where a run starts from some, its settings take their sizes, so that <c>settings.yaml</c> says what the model
/// has. A size that was asked for by name and differs is refused.
/// </summary>
internal static class StartingSizes
{
    /// <summary>A size of weights whose encoder takes a limited number of frames, else a choice of the run.</summary>
    const string LongestKey = "audio.max_seconds";

    /// <summary>Begins where the weights' own training ended, unless it is asked for.</summary>
    const string TemperatureKey = "loss.temperature";

    /// <exception cref="OptionException">A setting that was asked for contradicts the weights.</exception>
    public static TrainingSettings Apply(TrainingRequest request)
    {
        var sizes = new List<(string Key, object? Value, string Folder)>();
        double? temperature = null;
        if (request.InitialModel is { } model)
        {
            var config = ModelFolder.ReadConfig(model);
            Audio(config.AudioEncoder, config.MaxSeconds, model);
            if (config.AudioEncoder is Cnn14Config cnn14)
                Add("model.block6_pooling", cnn14.PoolBlock6 ? Block6Pooling.TwoByTwo : Block6Pooling.OneByOne, model);
            Text(config.TextEncoder, model);
            Add("text.pooling", config.TextEncoder.Pooling, model);
            Add("text.apostrophe_to_blank", config.Captions == Scratch(apostrophe: true), model);
            Add("model.audio_head_width", config.AudioHeadWidth, model);
            Add("model.text_head_width", config.TextHeadWidth, model);
            Add("model.embedding_dimension", config.EmbeddingDimension, model);
            temperature = config.LogitScale?.Temperature;
        }
        if (request.AudioModel is { } audio)
        {
            var package = AudioEncoderFolder.ReadPackage(audio);
            Audio(package.AudioEncoder, LongestSeconds(package), audio);
        }
        if (request.TextModel is { } text)
        {
            var config = BertFolder.ReadConfig(text);
            Text(config, text);
            if (BertFolder.DeclaresPooling(text)) Add("text.pooling", config.Pooling, text);
        }

        var settings = WithChannels(request.Settings.DeepCopy());
        var insisted = Insisted(request);
        foreach (var (key, value, folder) in sizes)
        {
            var setting = SettingsCatalogue.Find(key)!;
            string asked = setting.Format(setting.Get(settings)), has = setting.Format(value);
            if (asked != has && insisted.Contains(key))
                throw new OptionException(
                    $"{key} = {asked} contradicts the weights in {folder}, which have {has}; leave the setting out, or start without them");
            setting.Set(settings, value);
        }
        if (temperature is { } learned && !request.SettingsAreWhole && !insisted.Contains(TemperatureKey))
            SettingsCatalogue.Find(TemperatureKey)!.Set(settings, learned);
        return settings;

        void Add(string key, object value, string folder) => sizes.Add((key, value, folder));

        void Audio(AudioEncoderConfig config, double seconds, string folder)
        {
            Add("model.audio_encoder", config.Architecture, folder);
            sizes.Add((ModelSettings.ChannelsKey, (config as ConvolutionalEncoderConfig)?.Channels, folder));
            if (config.MostFrames is not null) Add(LongestKey, seconds, folder);
        }

        void Text(BertConfig config, string folder)
        {
            Add("text.hidden_width", config.Width, folder);
            Add("text.layers", config.Layers, folder);
            Add("text.heads", config.Heads, folder);
            Add("text.feed_forward_width", config.HiddenWidth, folder);
        }

        static Text.CaptionNormalizer Scratch(bool apostrophe) => new TextSettings { ApostropheToBlank = apostrophe }.Normalizer;
    }

    /// <summary>The whole seconds that an encoder takes at once.</summary>
    static double LongestSeconds(AudioEncoderPackage package) =>
        Math.Floor((double)((package.AudioEncoder.MostFrames ?? 1) - 1) * package.LogMel.HopSamples / package.LogMel.SampleRateHz);

    /// <summary>The settings with published channels by number: what the model has stands in <c>settings.yaml</c>.</summary>
    public static TrainingSettings WithChannels(TrainingSettings settings) => settings with
    {
        Model = settings.Model with { AudioChannels = settings.Model.AudioChannels ?? Published(settings.Model.AudioEncoder) },
    };

    static IReadOnlyList<int>? Published(AudioArchitecture encoder) => encoder.Channels.Count == 0 ? null : encoder.Channels;

    /// <summary>Keys that were asked for by name, under their present names.</summary>
    public static HashSet<string> Insisted(TrainingRequest request)
    {
        string oldKey = ModelSettings.OldChannelsKey(request.Settings.Model.AudioEncoder);
        return [.. request.Insisted.Select(key => key == oldKey ? ModelSettings.ChannelsKey : key)];
    }

    /// <summary>True for a size that the weights of a request give; they may be gone when a run is resumed, and are not read.</summary>
    /// <param name="encoder">The run's audio encoder.</param>
    public static bool IsOfWeights(TrainingRequest request, AudioArchitecture encoder, string key) => key switch
    {
        "model.audio_encoder" or ModelSettings.ChannelsKey => (request.InitialModel ?? request.AudioModel) is not null,
        "text.hidden_width" or "text.layers" or "text.heads" or "text.feed_forward_width" =>
            (request.InitialModel ?? request.TextModel) is not null,
        "text.pooling" => request.InitialModel is not null
            || request.TextModel is { } text && (!Directory.Exists(text) || BertFolder.DeclaresPooling(text)),
        LongestKey => (request.InitialModel ?? request.AudioModel) is not null && encoder.Published.MostFrames is not null,
        TemperatureKey or "model.block6_pooling" or "text.apostrophe_to_blank" or "model.audio_head_width" or "model.text_head_width"
            or "model.embedding_dimension" => request.InitialModel is not null,
        _ => false,
    };
}
