using System.Text.Json.Serialization;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>Reads and writes the catalogue's files without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CatalogueDocument))]
[JsonSerializable(typeof(PartState))]
[JsonSerializable(typeof(InstalledModel))]
sealed partial class CatalogueJson : JsonSerializerContext;

/// <summary>The content of <c>catalogue.json</c>.</summary>
sealed record CatalogueDocument(IReadOnlyList<CatalogueEntry> Models);
