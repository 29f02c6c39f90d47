namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>The file as a whole.</summary>
sealed record CatalogueDocument(IReadOnlyList<CatalogueEntry> Models);
