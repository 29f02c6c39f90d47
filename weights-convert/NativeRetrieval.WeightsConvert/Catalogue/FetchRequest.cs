namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>Source of a model's files.</summary>
public sealed record FetchRequest
{
    /// <summary>
    /// A file, or a folder with the files under their names in the catalogue, to take instead of the network; null: download.
    /// </summary>
    public string? From { get; init; }

    /// <summary>Address at which a mirror has <c>MODEL/FILE</c>; null: the published addresses.</summary>
    public Uri? Mirror { get; init; }

    /// <summary>True to take a model of which the catalogue knows no SHA-256 of some file. Default false.</summary>
    public bool AcceptUnverified { get; init; }

    /// <summary>Receives the file on its way and the number of its bytes on disk; null: nobody is told.</summary>
    public Action<CatalogueFile, long>? Report { get; init; }
}

/// <summary>A file of a model as it is now on disk.</summary>
/// <param name="File">The file in the catalogue.</param>
/// <param name="Path">Its path on disk.</param>
/// <param name="Digest">Its size and checksums.</param>
/// <param name="WasThere">True if it was on disk already and nothing had to be fetched.</param>
public sealed record FetchedFile(CatalogueFile File, string Path, FileDigest Digest, bool WasThere);
