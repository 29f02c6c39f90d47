using System.Text.Json.Serialization;

namespace NativeRetrieval.Server.Contract;

/// <summary>JSON of the service: names in snake_case; a name that is not known, or comes twice, is an error.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SearchRequest))]
[JsonSerializable(typeof(SearchResponse))]
[JsonSerializable(typeof(IndexesResponse))]
[JsonSerializable(typeof(FileResponse))]
[JsonSerializable(typeof(PeaksResponse))]
[JsonSerializable(typeof(EmbeddingsResponse))]
[JsonSerializable(typeof(ModelsResponse))]
[JsonSerializable(typeof(ExportRequest))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IndexingRequest))]
[JsonSerializable(typeof(IndexingProgressEvent))]
[JsonSerializable(typeof(IndexingRefusedEvent))]
[JsonSerializable(typeof(IndexingEndEvent))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(float[]))]
[JsonSerializable(typeof(Stream))] // the description's word for bytes; a native program has no other way to know it
internal sealed partial class ContractJson : JsonSerializerContext;

/// <summary>JSON of requests that clients of other services make: names that are not known here are left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(EmbeddingsRequest))]
internal sealed partial class ForeignJson : JsonSerializerContext;
