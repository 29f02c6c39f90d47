using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>One file of a pre-trained model.</summary>
/// <param name="Name">Path in the model's folder, with forward slashes.</param>
/// <param name="Url">Address at which it is published; null: the user brings the file.</param>
/// <param name="SizeBytes">Length of the file; null: not known.</param>
/// <param name="Md5">MD5 in lower-case hex; null: not published.</param>
/// <param name="Sha256">SHA-256 in lower-case hex; null: not published.</param>
public sealed record CatalogueFile(string Name, string? Url, long? SizeBytes = null, string? Md5 = null, string? Sha256 = null)
{
    /// <summary>True if a checksum of the file is published.</summary>
    public bool HasChecksum => Md5 is not null || Sha256 is not null;

    /// <summary>Compares a file with the catalogue.</summary>
    /// <param name="path">The file, named in the error.</param>
    /// <param name="found">Its size and checksums.</param>
    /// <exception cref="CorruptFileException">The file is another one; the message says what was expected and what was found.</exception>
    public void Check(string path, FileDigest found)
    {
        if (SizeBytes is { } size && size != found.SizeBytes) throw Other(path, "bytes", size.ToString(), found.SizeBytes.ToString());
        if (Sha256 is not null && Sha256 != found.Sha256) throw Other(path, "SHA-256", Sha256, found.Sha256);
        if (Md5 is not null && Md5 != found.Md5) throw Other(path, "MD5", Md5, found.Md5);
    }

    internal void Validate(string model)
    {
        if (Name.Length == 0 || Path.IsPathRooted(Name) || Name.Contains('\\') || Name.Split('/').Any(part => part is "" or "." or ".."))
            throw new OptionException($"model '{model}': '{Name}' is no path inside a folder");
        if (Url is not null && !Mirrors.IsWebAddress(Url))
            throw new OptionException($"model '{model}': '{Url}' is no web address");
        if (SizeBytes is <= 0) throw new OptionException($"model '{model}': {Name} has {SizeBytes} bytes");
        if (!IsHex(Md5, MD5.HashSizeInBytes) || !IsHex(Sha256, SHA256.HashSizeInBytes))
            throw new OptionException($"model '{model}': a checksum of {Name} is not lower-case hex of the right length");

        static bool IsHex(string? text, int bytes) =>
            text is null || (text.Length == 2 * bytes && text.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f'));
    }

    static CorruptFileException Other(string path, string what, string expected, string found) =>
        new(path, $"is not the file of the catalogue: {what} expected {expected}, got {found}");
}
