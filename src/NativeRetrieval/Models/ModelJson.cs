using System.Text.Json.Serialization;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Models;

/// <summary>Reads and writes configurations without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RetrievalModelConfig))]
[JsonSerializable(typeof(AudioEncoderPackage))]
internal sealed partial class ModelJson : JsonSerializerContext;
