using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>A pre-trained model: where its files are, what they must be, and what they may be used for.</summary>
/// <param name="Name">What users type.</param>
/// <param name="Kind"><c>audio encoder</c> or <c>text encoder</c>.</param>
/// <param name="About">One line.</param>
/// <param name="Licence">SPDX identifier of the weights.</param>
/// <param name="Source">The page that describes the model.</param>
/// <param name="Map">The name map that its checkpoint follows.</param>
/// <param name="ChecksumsFrom">Who says that the checksums are right; <c>none published here</c> where a file has none.</param>
/// <param name="Files">The checkpoint first.</param>
public sealed record CatalogueEntry(string Name, string Kind, string About, string Licence, string Source, string Map, string ChecksumsFrom, IReadOnlyList<CatalogueFile> Files)
{
    public const string AudioEncoder = "audio encoder", TextEncoder = "text encoder";

    /// <summary>Bytes of all files; null where one is not known.</summary>
    public long? SizeBytes => Files.All(file => file.SizeBytes is not null) ? Files.Sum(file => file.SizeBytes) : null;

    /// <summary>Whether every file can be told from a wrong one before it was ever fetched here.</summary>
    public bool HasChecksums => Files.All(file => file.HasChecksum);

    internal void Validate()
    {
        if (Name.Length == 0 || Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.'))) throw new OptionException($"'{Name}' is no name for a model: letters, digits, '-' and '.'");
        if (Kind is not (AudioEncoder or TextEncoder)) throw new OptionException($"model '{Name}' is of kind '{Kind}', expected '{AudioEncoder}' or '{TextEncoder}'");
        if (Files.Count == 0) throw new OptionException($"model '{Name}' has no files");
        foreach (var file in Files) file.Validate(Name);
    }
}
