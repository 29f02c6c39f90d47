namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>Source of a model's files.</summary>
public sealed record FetchRequest
{
    /// <summary>
    /// A folder with the files under their names in the catalogue, to take instead of the network; or one file, the others are then
    /// downloaded; null: download.
    /// </summary>
    public string? From { get; init; }

    /// <summary>Servers to take files from. Default: the published addresses.</summary>
    public Mirrors Mirrors { get; init; } = Mirrors.None;

    /// <summary>True to take a model whose licence keeps uses out. Default false.</summary>
    public bool AcceptLicence { get; init; }

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
