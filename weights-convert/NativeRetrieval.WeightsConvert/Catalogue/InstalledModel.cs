namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>A model that was fetched: its folder, source and licence.</summary>
/// <param name="Name">Name in the catalogue.</param>
/// <param name="Kind">Kind in the catalogue.</param>
/// <param name="Licence">Licence of the weights.</param>
/// <param name="Source">The page that describes the model.</param>
/// <param name="LicenceAccepted">True if the licence keeps uses out, and the user consented to it.</param>
/// <param name="Unverified">True if the user took files without a published SHA-256.</param>
/// <param name="Folder">Full path of the folder that is ready for use, or of the files as published.</param>
/// <param name="Fingerprint">The fingerprint by which an index names the model; null: it is no whole model.</param>
public sealed record InstalledModel(string Name, string Kind, string Licence, string Source, bool LicenceAccepted, bool Unverified,
    string Folder, string? Fingerprint);
