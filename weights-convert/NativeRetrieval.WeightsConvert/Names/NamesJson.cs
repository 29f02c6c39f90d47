using System.Text.Json.Serialization;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>The embedded files as they stand; see README.md beside them for what each member means.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ArchitectureDocument))]
[JsonSerializable(typeof(NameMapDocument))]
[JsonSerializable(typeof(CommonDocument))]
sealed partial class NamesJson : JsonSerializerContext;
