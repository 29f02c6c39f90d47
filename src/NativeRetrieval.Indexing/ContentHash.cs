using System.Security.Cryptography;

namespace NativeRetrieval.Indexing;

/// <summary>The identity of a file's content: SHA-256, in lower-case hexadecimal.</summary>
public static class ContentHash
{
    public static string OfFile(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    internal static bool IsWellFormed(string hash) => hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower);
}
