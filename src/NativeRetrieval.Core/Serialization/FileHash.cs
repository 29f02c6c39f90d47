using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>Checksums of files.</summary>
public static class FileHash
{
    /// <summary>SHA-256 in lower-case hex.</summary>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static string Sha256(string path)
    {
        try
        {
            using var stream = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1 << 20, FileOptions.SequentialScan);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
    }
}
