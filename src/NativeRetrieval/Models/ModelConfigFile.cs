using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Models;

/// <summary>Reads the <c>config.json</c> of the folders that this program writes.</summary>
internal static class ModelConfigFile
{
    const string KindKey = "model_type", EncoderKey = "audio_encoder", TextEncoderKey = "text_encoder",
        OldestType = $"\"{Cnn14Config.Key}\"";

    /// <param name="defaults">Values that apply where the file is silent.</param>
    /// <param name="validate">Throws an <see cref="OptionException"/> where a value is out of its range.</param>
    /// <param name="kind">The <c>model_type</c> that is expected.</param>
    /// <exception cref="FileReadException">There is no such file, or it may not be read.</exception>
    /// <exception cref="CorruptFileException">It is no JSON, describes another kind of folder, or an impossible model.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type, T defaults, Action<T> validate, string kind) where T : class
    {
        using var document = JsonFile.Open(path);
        return Read(path, document.RootElement, type, defaults, validate, kind);
    }

    /// <param name="path">Source of the settings, for messages.</param>
    /// <param name="settings">The content of a <c>config.json</c>.</param>
    /// <inheritdoc cref="Read{T}(string, JsonTypeInfo{T}, T, Action{T}, string)"/>
    public static T Read<T>(string path, JsonElement settings, JsonTypeInfo<T> type, T defaults, Action<T> validate, string kind)
        where T : class
    {
        try
        {
            if (settings.ValueKind != JsonValueKind.Object) throw new CorruptFileException(path, "holds no object of settings");
            var json = JsonObject.Create(settings)!;
            if (json[KindKey] is { } found && found.ToJsonString() != $"\"{kind}\"")
                throw new CorruptFileException(path, $"{KindKey} is {found.ToJsonString()}, expected \"{kind}\"");
            var published = JsonSerializer.SerializeToNode(defaults, type)!.AsObject();
            if (json[EncoderKey] is JsonObject encoder) published[EncoderKey] = Published(path, encoder);
            if (json[TextEncoderKey] is JsonObject text) published[TextEncoderKey] = PublishedText(path, text);
            Complete(json, published);
            var config = json.Deserialize(type) ?? throw new CorruptFileException(path, "holds null");
            validate(config);
            return config;
        }
        catch (Exception e) when (e is JsonException or OptionException or ArgumentException or InvalidOperationException
            or FormatException)
        {
            throw new CorruptFileException(path, $"is not a model configuration: {e.Message}", e);
        }
    }

    /// <summary>The published form of the encoder that is described. The first files had one kind and did not name it.</summary>
    static JsonObject Published(string path, JsonObject encoder)
    {
        string type = encoder[AudioEncoderConfig.TypeKey]?.ToJsonString() ?? OldestType;
        var architecture = AudioArchitecture.All.FirstOrDefault(known => Quoted(known) == type) ?? throw new CorruptFileException(path,
            $"{EncoderKey}.{AudioEncoderConfig.TypeKey} is {type}; "
                + $"this program knows {string.Join(", ", AudioArchitecture.All.Select(Quoted))}");
        return JsonSerializer.SerializeToNode(architecture.Published, ModelJson.Default.AudioEncoderConfig)!.AsObject();

        static string Quoted(AudioArchitecture architecture) => $"\"{architecture.Key}\"";
    }

    /// <summary>The published form of the text encoder that is described; BERT, which names no type, may do so.</summary>
    static JsonObject PublishedText(string path, JsonObject encoder)
    {
        string type = encoder[BertConfig.TypeKey]?.ToJsonString() ?? $"\"{BertConfig.Key}\"";
        var architecture = TextArchitecture.All.FirstOrDefault(known => $"\"{known.Key}\"" == type) ?? throw new CorruptFileException(path,
            $"{TextEncoderKey}.{BertConfig.TypeKey} is {type}; "
                + $"this program knows {string.Join(", ", TextArchitecture.All.Select(known => $"\"{known.Key}\""))}");
        if (architecture.Key == BertConfig.Key) encoder.Remove(BertConfig.TypeKey);
        return JsonSerializer.SerializeToNode(architecture.Published, ModelJson.Default.BertConfig)!.AsObject();
    }

    /// <summary>A value that is left out has its default: the serializer would make it 0.</summary>
    static void Complete(JsonObject json, JsonObject defaults)
    {
        foreach (var (key, value) in defaults)
            if (!json.ContainsKey(key)) json[key] = value?.DeepClone();
            else if (json[key] is JsonObject inner && value is JsonObject innerDefaults) Complete(inner, innerDefaults);
    }
}
