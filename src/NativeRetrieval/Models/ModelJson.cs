using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Models;

/// <summary>The form of every JSON file of a model folder: indented, with a line end, written and read without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RetrievalModelConfig))]
[JsonSerializable(typeof(AudioEncoderPackage))]
internal sealed partial class ModelJson : JsonSerializerContext
{
    /// <summary>The content of a file.</summary>
    public static string Text<T>(T config, JsonTypeInfo<T> type) => JsonSerializer.Serialize(config, type) + "\n";

    /// <inheritdoc cref="Text{T}"/>
    public static string Text(JsonNode content) => content.ToJsonString(Default.Options) + "\n";
}
