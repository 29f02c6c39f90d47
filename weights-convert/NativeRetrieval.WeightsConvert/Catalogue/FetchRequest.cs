namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>How to come by a model's files.</summary>
public sealed record FetchRequest
{
    /// <summary>A file, or a folder with the files under their names in the catalogue, to take instead of the network; null: download.</summary>
    public string? From { get; init; }

    /// <summary>Address under which a mirror has <c>MODEL/FILE</c>; null: the published addresses.</summary>
    public Uri? Mirror { get; init; }

    /// <summary>Told which file is on its way and how many bytes of it are there.</summary>
    public Action<CatalogueFile, long>? Report { get; init; }
}

/// <summary>A file of a model as it is now on disk.</summary>
/// <param name="WasThere">Nothing had to be fetched.</param>
public sealed record FetchedFile(CatalogueFile File, string Path, FileDigest Digest, bool WasThere);
