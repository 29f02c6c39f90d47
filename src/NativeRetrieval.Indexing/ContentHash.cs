using System.Security.Cryptography;

namespace NativeRetrieval.Indexing;

/// <summary>The identity of a file's content: SHA-256, in lower-case hexadecimal.</summary>
public static class ContentHash
{
    /// <summary>The hash of a file's content: 64 lower-case hexadecimal digits. The whole file is read.</summary>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static string OfFile(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    internal static bool IsWellFormed(string hash) => hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower);
}
