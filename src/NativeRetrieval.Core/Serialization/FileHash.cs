using System.Buffers;
using System.Security.Cryptography;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>Checksums of files.</summary>
public static class FileHash
{
    const int BlockBytes = 1 << 18;

    /// <summary>SHA-256 in lower-case hex. Only regular files are read: a named pipe is refused instead of waited for.</summary>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, between two blocks of the file.</exception>
    public static string Sha256(string path, CancellationToken cancellation = default)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var file = RegularFile.OpenRead(path);
            using var memory = MemoryPool<byte>.Shared.Rent(BlockBytes);
            var block = memory.Memory.Span;
            while (file.Read(block) is > 0 and int count)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(block[..count]);
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
    }
}
