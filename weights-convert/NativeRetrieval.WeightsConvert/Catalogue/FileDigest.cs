using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>Size and checksums of a file.</summary>
/// <param name="Md5">MD5 in lower-case hex. Some archives publish no other; it guards against accidents only.</param>
/// <param name="Sha256">SHA-256 in lower-case hex.</param>
public sealed record FileDigest(long SizeBytes, string Md5, string Sha256)
{
    const int BufferBytes = 1 << 20;

    /// <summary>Reads a file once and computes both checksums.</summary>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static FileDigest Of(string path, CancellationToken cancellation = default)
    {
        try
        {
            using var stream = RegularFile.OpenRead(path);
            using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[BufferBytes];
            long size = 0;
            for (int read; (read = stream.Read(buffer)) > 0; size += read)
            {
                cancellation.ThrowIfCancellationRequested();
                md5.AppendData(buffer, 0, read);
                sha.AppendData(buffer, 0, read);
            }
            return new(size, Convert.ToHexStringLower(md5.GetHashAndReset()), Convert.ToHexStringLower(sha.GetHashAndReset()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, e.Message, e);
        }
    }
}
