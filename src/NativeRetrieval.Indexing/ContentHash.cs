using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing;

/// <summary>The identity of a file's content: SHA-256, in lower-case hexadecimal.</summary>
public static class ContentHash
{
    /// <summary>The hash of a regular file's content: 64 lower-case hexadecimal digits. The whole file is read.</summary>
    /// <exception cref="FileReadException">The file cannot be read, or is none.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static string OfFile(string path, CancellationToken cancellation = default) => FileHash.Sha256(path, cancellation);

    internal static bool IsWellFormed(string hash) => hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower);
}
