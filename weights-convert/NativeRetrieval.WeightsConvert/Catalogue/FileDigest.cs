using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>What tells one file from another.</summary>
/// <param name="Md5">Lower-case hex. Of use against accidents only; it is what some archives publish.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record FileDigest(long SizeBytes, string Md5, string Sha256)
{
    const int BufferBytes = 1 << 20;

    /// <summary>Reads the file once.</summary>
    /// <exception cref="FileReadException">It cannot be read.</exception>
    public static FileDigest Of(string path, CancellationToken cancellation = default)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
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
