using System.Text.Json.Serialization;

namespace NativeRetrieval.Models;

/// <summary>Reads and writes the model's configuration without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RetrievalModelConfig))]
internal sealed partial class ModelJson : JsonSerializerContext;
