using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>A pre-trained model: addresses, checksums and licence of its files.</summary>
/// <param name="Name">Name that users type.</param>
/// <param name="Kind"><c>retrieval model</c>, <c>audio encoder</c> or <c>text encoder</c>.</param>
/// <param name="About">Description in one line.</param>
/// <param name="Licence">SPDX identifier of the weights, or the terms in a few words.</param>
/// <param name="Source">The page that describes the model.</param>
/// <param name="Map">The name map that its checkpoint follows; null: the one that fits.</param>
/// <param name="ChecksumsFrom">Source of the checksums; <c>none published here</c> where a file has none.</param>
/// <param name="Files">Files of the model, the checkpoint first.</param>
/// <param name="Unverified">True where a file has no SHA-256: a wrong file could not be told, so a fetch asks for consent.</param>
public sealed record CatalogueEntry(string Name, string Kind, string About, string Licence, string Source, string? Map,
    string ChecksumsFrom, IReadOnlyList<CatalogueFile> Files, bool Unverified = false)
{
    /// <summary>The <see cref="Kind"/> of models that search at once: both encoders and their heads.</summary>
    public const string RetrievalModel = "retrieval model";

    /// <summary>The <see cref="Kind"/> of models that turn sound into vectors.</summary>
    public const string AudioEncoder = "audio encoder";

    /// <summary>The <see cref="Kind"/> of models that turn text into vectors.</summary>
    public const string TextEncoder = "text encoder";

    static readonly string[] _kinds = [RetrievalModel, AudioEncoder, TextEncoder];

    /// <summary>Other names that users may type; null: none.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    /// <summary>True of the model that is offered where none is named; at most one of a catalogue.</summary>
    public bool IsDefault { get; init; }

    /// <summary>True where the licence keeps uses out, so that a fetch asks for consent to it; never of the default.</summary>
    public bool NeedsConsent { get; init; }

    /// <summary>Reason why the model is listed and never fetched; null: it can be fetched.</summary>
    public string? Refused { get; init; }

    /// <summary>Attention heads of the text encoder, which no weights show; null: from <c>config.json</c>, else width / 64.</summary>
    public int? Heads { get; init; }

    /// <summary>Bytes of all files; null where one is not known.</summary>
    public long? SizeBytes => Files.All(file => file.SizeBytes is not null) ? LeastBytes : null;

    /// <summary>Bytes of those files whose size is known.</summary>
    public long LeastBytes => Files.Sum(file => file.SizeBytes ?? 0);

    /// <summary>All names that mean this model.</summary>
    internal IEnumerable<string> Names => [Name, .. Aliases ?? []];

    internal void Validate()
    {
        foreach (string name in Names)
            if (name.Length == 0 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.')))
                throw new OptionException($"'{name}' is no name for a model: letters, digits, '-' and '.'");
        if (!_kinds.Contains(Kind))
            throw new OptionException($"model '{Name}' is of kind '{Kind}', expected one of '{string.Join("', '", _kinds)}'");
        if (Refused is null && Files.Count == 0) throw new OptionException($"model '{Name}' has no files");
        foreach (var file in Files) file.Validate(Name);
        bool proven = Files.All(file => file.Sha256 is not null);
        if (Unverified == proven)
            throw new OptionException(proven ? $"model '{Name}' is marked unverified, and every file of it has a SHA-256"
                : $"model '{Name}' has files without a SHA-256; give it, or mark the model unverified");
        if (IsDefault && (Kind != RetrievalModel || Unverified || NeedsConsent || Refused is not null))
            throw new OptionException($"model '{Name}' cannot be the default: that is a retrieval model which needs no consent");
    }
}
