namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>A file of a model as it is now on disk.</summary>
/// <param name="WasThere">Nothing had to be fetched.</param>
public sealed record FetchedFile(CatalogueFile File, string Path, FileDigest Digest, bool WasThere);
