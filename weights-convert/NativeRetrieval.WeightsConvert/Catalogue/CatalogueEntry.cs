using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>A pre-trained model: addresses, checksums and licence of its files.</summary>
/// <param name="Name">Name that users type.</param>
/// <param name="Kind"><c>audio encoder</c> or <c>text encoder</c>.</param>
/// <param name="About">Description in one line.</param>
/// <param name="Licence">SPDX identifier of the weights.</param>
/// <param name="Source">The page that describes the model.</param>
/// <param name="Map">The name map that its checkpoint follows.</param>
/// <param name="ChecksumsFrom">Source of the checksums; <c>none published here</c> where a file has none.</param>
/// <param name="Files">Files of the model, the checkpoint first.</param>
/// <param name="Unverified">True where a file has no SHA-256: a wrong file could not be told, so a fetch asks for consent.</param>
public sealed record CatalogueEntry(string Name, string Kind, string About, string Licence, string Source, string Map,
    string ChecksumsFrom, IReadOnlyList<CatalogueFile> Files, bool Unverified = false)
{
    /// <summary>The <see cref="Kind"/> of models that turn sound into vectors.</summary>
    public const string AudioEncoder = "audio encoder";

    /// <summary>The <see cref="Kind"/> of models that turn text into vectors.</summary>
    public const string TextEncoder = "text encoder";

    /// <summary>Bytes of all files; null where one is not known.</summary>
    public long? SizeBytes => Files.All(file => file.SizeBytes is not null) ? Files.Sum(file => file.SizeBytes) : null;

    internal void Validate()
    {
        if (Name.Length == 0 || Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.')))
            throw new OptionException($"'{Name}' is no name for a model: letters, digits, '-' and '.'");
        if (Kind is not (AudioEncoder or TextEncoder))
            throw new OptionException($"model '{Name}' is of kind '{Kind}', expected '{AudioEncoder}' or '{TextEncoder}'");
        if (Files.Count == 0) throw new OptionException($"model '{Name}' has no files");
        foreach (var file in Files) file.Validate(Name);
        bool proven = Files.All(file => file.Sha256 is not null);
        if (Unverified == proven)
            throw new OptionException(proven ? $"model '{Name}' is marked unverified, and every file of it has a SHA-256"
                : $"model '{Name}' has files without a SHA-256; give it, or mark the model unverified");
    }
}
